import { withClient } from '../../src/db/postgres-roles.ts'
import { idOf, type Urls } from './tenants.ts'

/** A row every second, back from this moment. */
export const newestAt = Date.parse('2026-11-01T00:00:00.000Z')

const rowsAtOnce = 1_000_000

/**
 * Fills the audit log of tenant 0, in bulk: ten actions, each by ten people, each on ten things, so that even what is narrowed
 * by all three is a thousandth. Indexes are dropped meanwhile and made anew as they were.
 */
export async function makeAuditRows({ superuserUrl }: Urls, rows: number): Promise<void> {
  await withClient(superuserUrl, async (client) => {
    await client.query('set session_replication_role = replica')
    await client.query(`set maintenance_work_mem = '512MB'`)
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(
      `select indexname as name, indexdef as definition from pg_indexes
       where tablename = 'audit_logs' and indexname not in (select conname from pg_constraint)`,
    )
    for (const { name } of indexes) await client.query(`drop index ${name}`)
    for (let first = 1; first <= rows; first += rowsAtOnce) {
      const last = Math.min(rows, first + rowsAtOnce - 1)
      await client.query(
        `insert into audit_logs (stream_id, sequence, id, occurred_at, action, actor_kind, actor_id, target_id, request_id,
           details_mac, previous_hash, hash)
         select '${idOf('org', 0)}', n, 'aud_' || lpad(n::text, 26, '0'),
           to_timestamp(${newestAt / 1_000} - ${rows} + n), 'project.action_' || chr(97 + (n % 10)::integer), 'user',
           'usr_' || lpad((n / 10 % 10)::text, 26, '0'), 'app_' || lpad((n / 100 % 10)::text, 26, '0'),
           'req_' || lpad((n / 30)::text, 14, '0'), sha256('details'), sha256(int8send(n - 1)), sha256(int8send(n))
         from generate_series(${first}::bigint, ${last}::bigint) n`,
      )
      await client.query(
        `insert into audit_details (audit_id, salt, details)
         select 'aud_' || lpad(n::text, 26, '0'), decode('00112233445566778899aabbccddeeff', 'hex'),
           json_build_object('address', '192.0.2.1', 'userAgent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0',
             'data', json_build_object('id', 'app_1', 'name', 'Application ' || n, 'slug', 'application'),
             'previous', json_build_object('name', 'Application ' || n - 1))
         from generate_series(${first}::bigint, ${last}::bigint) n`,
      )
    }
    for (const { definition } of indexes) await client.query(definition)
    await client.query('vacuum analyze audit_logs')
    await client.query('vacuum analyze audit_details')
  })
}

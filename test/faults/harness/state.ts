import type { World } from '../../support/world.ts'

// Counted before a guess is judged, and noted when somebody is seen: neither is part of a change.
const notPartOfChanges = ['guess_locks', 'session_organizations']
const seenTimes = `'{last_seen_at,last_used_at,first_used_at}'::text[]`

/** A digest of each table: what a request that was refused must not have moved. */
export async function stateOf(world: World): Promise<Record<string, string>> {
  const tables = await world.sql<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public' and tablename <> all ($1) order by 1`,
    [notPartOfChanges],
  )
  const digests = tables.map(
    ({
      name,
    }) => `select '${name}' as name, count(*) || ' rows ' || md5(coalesce(string_agg(line, '' order by line), ''))
      as digest from (select (to_jsonb(t) - ${seenTimes})::text as line from ${name} t) lines`,
  )
  const rows = await world.sql<{ name: string; digest: string }>(digests.join(' union all '))
  return Object.fromEntries(rows.map(({ name, digest }) => [name, digest]))
}

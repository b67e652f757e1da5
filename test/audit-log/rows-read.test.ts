import { beforeAll, expect, it } from 'vitest'
import { type Search, searchAuditLog } from '../../src/features/audit-log/search-queries.ts'
import { countRowsRead } from '../support/rows-read.ts'
import { startSpine } from '../support/spine.ts'
import { tamper } from '../support/tampering.ts'

const spine = startSpine()
const rows = 20_000
const streams = ['org_1', 'org_2']
const begin = Date.parse('2026-01-01T00:00:00.000Z')

/** Half of each stream was done by one person to one thing, the other half by another to another. */
beforeAll(async () => {
  for (const stream of streams)
    await tamper(
      spine.database.superuserUrl,
      `insert into audit_logs (stream_id, sequence, id, occurred_at, action, actor_kind, actor_id, target_id, request_id,
         details_mac, previous_hash, hash)
       select '${stream}', n, 'aud_${stream}_' || n, to_timestamp(${begin / 1_000} + n * 60),
         case when n % 1000 = 0 then 'project.deleted' when n % 2 = 0 then 'session.created' else 'auth.login' end,
         'user', case when n <= ${rows / 2} then 'usr_old' else 'usr_new' end,
         case when n <= ${rows / 2} then 'app_old' else 'app_new' end, 'req_' || n / 3, '', '', ''
       from generate_series(1, ${rows}) n`,
    )
  await spine.sql('vacuum analyze audit_logs')
})

const at = (minute: number) => new Date(begin + minute * 60_000)
const middle = { occurredAt: at(rows / 2), sequence: rows / 2, streamId: 'org_1' }

it.each<[Search, found: number]>([
  [{}, 26],
  [{ action: '*' }, 26],
  [{ action: 'project.deleted' }, 26],
  [{ action: 'project.*' }, 26],
  [{ action: '*.deleted' }, 26],
  [{ action: 'nothing.*' }, 0],
  [{ action: 'nothing' }, 0],
  [{ actor: 'usr_old' }, 26],
  [{ actor: 'usr_nobody' }, 0],
  [{ actor: 'usr_old', action: 'project.deleted' }, 20],
  [{ actor: 'usr_old', action: 'auth.*' }, 26],
  [{ actor: 'usr_old', action: 'member.*' }, 0],
  [{ target: 'app_old' }, 26],
  [{ target: 'app_old', action: 'project.deleted' }, 20],
  [{ target: 'app_old', action: 'project.*' }, 20],
  [{ target: 'app_old', actor: 'usr_old' }, 26],
  [{ target: 'app_old', actor: 'usr_new' }, 0],
  [{ target: 'app_new', actor: 'usr_old', action: 'auth.login' }, 0],
  [{ target: 'app_old', actor: 'usr_old', action: '*.deleted' }, 20],
  [{ requestId: 'req_7' }, 6],
  [{ requestId: 'req_7', actor: 'usr_old', target: 'app_old', action: 'auth.*' }, 4],
  [{ from: at(0), to: at(60) }, 26],
  [{ actor: 'usr_old', from: at(rows / 2 + 1) }, 0],
  [{ actor: 'usr_new', to: at(rows / 2 + 1) }, 0],
  [{ action: 'project.deleted', from: at(0), to: at(1_500) }, 2],
])('reads little to find %j, on the first page and in the middle', async (search, expected) => {
  await spine.ctx.db.transaction().execute(async (tx) => {
    for (const before of [undefined, middle]) {
      const { result, read } = await countRowsRead(tx, 'audit_logs', () =>
        searchAuditLog(tx, streams, search, { most: 26, before }),
      )
      if (!before) expect(result.length).toBe(expected)
      expect(read).toBeLessThan(800)
    }
  })
})

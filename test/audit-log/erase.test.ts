import { beforeEach, expect, it } from 'vitest'
import { makeAnchor } from '../../src/features/audit-log/anchor.ts'
import { eraseFromAuditLog } from '../../src/features/audit-log/erase.ts'
import { verifyAuditLog } from '../../src/features/audit-log/verify.ts'
import { appendRows } from '../support/audit-rows.ts'
import { startSpine } from '../support/spine.ts'

const spine = startSpine()
let stream: string

beforeEach(async () => {
  await spine.sql(`set session_replication_role = replica`)
  stream = await spine.organization()
})

const kept = async () => (await spine.auditLog(stream)).map(({ sequence }) => sequence)

it('erases what somebody did, what was done to them, and what names them; every link stays', async () => {
  const ada = 'usr_01k9x3v7tqe4m8z2c6w5r0h1jd'
  await appendRows(spine.sql, stream, [
    { actorId: ada, details: { address: '192.0.2.7' } },
    { targetId: ada },
    { details: { data: { invited: { email: 'ada@example.com' } } } },
    { details: { data: { people: [ada] } } },
    { details: { data: { email: 'nada@example.com' } } },
    { details: { data: { email: 'ada@example.com.example.org', note: 'to ada@example.com' } } },
    { actorId: `${ada}x`, targetId: 'usr_ada' },
    { details: { data: { name: 'Ada "the \\ first" Lovelace\n' } } },
  ])
  const anchor = await makeAnchor(spine.ctx)
  const rows = await spine.sql('select * from audit_logs where stream_id = $1', [stream])
  expect(await eraseFromAuditLog(spine.ctx, [ada, 'ada@example.com', 'Ada "the \\ first" Lovelace\n'])).toBe(
    5,
  )
  expect(await kept()).toEqual([5, 6, 7])
  expect(await spine.sql('select * from audit_logs where stream_id = $1', [stream])).toEqual(rows)
  const found = await verifyAuditLog(spine.ctx.db, { anchor, keptDays: 365 })
  expect(found).toMatchObject({ flaws: [], erased: 5 })
  expect(await eraseFromAuditLog(spine.ctx, [ada])).toBe(0)
})

it('looks through all of them, batch by batch', async () => {
  const rows = Array.from({ length: 12_000 }, (_, n) => ({ targetId: n % 1_000 === 0 ? 'usr_1' : 'usr_2' }))
  await appendRows(spine.sql, stream, rows)
  expect(await eraseFromAuditLog(spine.ctx, ['usr_1'])).toBe(12)
  expect((await kept()).length).toBe(12_000 - 12)
})

it.each([[['']], [['usr_1', '']]])('erases nothing that names nobody: %j', async (mentions) => {
  await appendRows(spine.sql, stream, [{ details: { name: '' } }])
  await expect(eraseFromAuditLog(spine.ctx, mentions)).rejects.toMatchObject({ code: '22023' })
  expect(await eraseFromAuditLog(spine.ctx, [])).toBe(0)
  expect(await kept()).toEqual([1])
})

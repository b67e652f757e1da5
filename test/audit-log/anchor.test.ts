import { beforeEach, describe, expect, it } from 'vitest'
import { type Anchor, makeAnchor, readAnchor } from '../../src/features/audit-log/anchor.ts'
import { pruneRows } from '../../src/features/audit-log/queries.ts'
import { verifyAuditLog } from '../../src/features/audit-log/verify.ts'
import { ageRows, appendRows, rewriteChain } from '../support/audit-rows.ts'
import { startSpine } from '../support/spine.ts'
import { tamper } from '../support/tampering.ts'

const spine = startSpine()
const rowCount = 6
const keptDays = 365
let stream: string
let anchor: Anchor

beforeEach(async () => {
  stream = await spine.organization()
  const targets = Array.from({ length: rowCount }, (_, n) => ({ targetId: `app_${n + 1}` }))
  await appendRows(spine.sql, stream, targets)
  anchor = await makeAnchor(spine.ctx)
})

const flaws = async (known: Anchor | null = anchor, days = keptDays) => {
  const found = await verifyAuditLog(spine.ctx.db, known ? { anchor: known, keptDays: days } : undefined)
  return found.flaws
    .filter(({ streamId }) => streamId === stream)
    .map(({ sequence, message }) => [sequence, message])
}
const asSuperuser = (statements: string) => tamper(spine.database.superuserUrl, statements)
const rewrite = (set: string, where: string) =>
  rewriteChain(spine.database.superuserUrl, stream, { set, where })
const another = [rowCount, 'the chain up to here is not the one of the anchor']

describe('a superuser who writes the chain anew, head included, leaves no trace but in the anchor', () => {
  it.each([
    `id = 'aud_other' || stream_id`,
    `action = 'project.deleted'`,
    `actor_kind = 'system'`,
    `actor_id = 'usr_framed'`,
    `target_id = null`,
    `request_id = 'req_other'`,
    `occurred_at = occurred_at + interval '1 millisecond'`,
    `details_mac = '\\x00'`,
  ])('an edit: %s', async (assignment) => {
    await asSuperuser(`delete from audit_details where audit_id in (
      select id from audit_logs where stream_id = '${stream}' and sequence = 3)`)
    await rewrite(assignment, 'sequence = 3')
    expect(await flaws(null)).toEqual([])
    expect(await flaws()).toEqual([another])
  })

  it('a deletion, with the rest numbered anew', async () => {
    await asSuperuser(`delete from audit_logs where stream_id = '${stream}' and sequence = 3`)
    await rewrite('sequence = sequence - 1', 'sequence > 3')
    expect(await flaws(null)).toEqual([])
    expect(await flaws()).toEqual([
      [5, `the anchor knows ${rowCount} rows, the head is at 5: rows at the end are missing`],
    ])
    await appendRows(spine.sql, stream, [{}])
    expect(await flaws()).toEqual([another])
  })

  it('a swap', async () => {
    await asSuperuser(`update audit_logs set sequence = -sequence where stream_id = '${stream}'`)
    await rewrite('sequence = case sequence when -2 then 3 when -3 then 2 else -sequence end', 'sequence < 0')
    expect(await flaws(null)).toEqual([])
    expect(await flaws()).toEqual([another])
  })

  it('a cut tail', async () => {
    await asSuperuser(`delete from audit_logs where stream_id = '${stream}' and sequence > 4`)
    await rewrite('sequence = sequence', 'true')
    expect(await flaws(null)).toEqual([])
    expect(await flaws()).toEqual([
      [4, `the anchor knows ${rowCount} rows, the head is at 4: rows at the end are missing`],
    ])
  })

  it('a cut tail that grew again', async () => {
    await asSuperuser(`delete from audit_logs where stream_id = '${stream}' and sequence > 4`)
    await rewrite('sequence = sequence', 'true')
    await appendRows(spine.sql, stream, [{}, {}, {}])
    expect(await flaws(null)).toEqual([])
    expect(await flaws()).toEqual([another])
  })

  it('all of it gone', async () => {
    await asSuperuser(`delete from audit_logs where stream_id = '${stream}';
      delete from streams where id = '${stream}'`)
    expect(await flaws(null)).toEqual([])
    expect(await flaws()).toEqual([
      [0, `the anchor knows ${rowCount} rows, the head is at 0: rows at the end are missing`],
    ])
  })

  it('the beginning gone, as if it had been pruned', async () => {
    await asSuperuser(`
      insert into audit_checkpoints select *, now() from audit_logs where stream_id = '${stream}' and sequence = 2;
      delete from audit_logs where stream_id = '${stream}' and sequence <= 2`)
    expect(await flaws()).toEqual([[2, 'rows up to the checkpoint are gone, and were not 365 days old']])
  })

  it('everything the anchor knows gone, as if old rows had been pruned', async () => {
    await appendRows(spine.sql, stream, [{}])
    await asSuperuser(`
      insert into audit_checkpoints select *, now() from audit_logs where stream_id = '${stream}' and sequence = ${rowCount};
      update audit_checkpoints set occurred_at = occurred_at - interval '400 days' where stream_id = '${stream}';
      update audit_checkpoints c set hash = audit_hash(previous_hash, row(c.stream_id, c.sequence, c.id, c.occurred_at,
        c.action, c.actor_kind, c.actor_id, c.target_id, c.request_id, c.details_mac, c.previous_hash, c.hash)::audit_logs)
        where stream_id = '${stream}';
      delete from audit_logs where stream_id = '${stream}' and sequence <= ${rowCount}`)
    await rewrite('sequence = sequence', 'true')
    expect(await flaws(null)).toEqual([])
    expect(await flaws()).toEqual([
      [rowCount, 'rows up to the checkpoint are gone, and were not 365 days old, as the anchor has it'],
      [rowCount, 'the checkpoint is not the row of the anchor'],
    ])
  })
})

it('finds nothing wrong with a log that only grew', async () => {
  await appendRows(spine.sql, stream, [{}, {}])
  const later = await spine.organization()
  await appendRows(spine.sql, later, [{}])
  expect((await verifyAuditLog(spine.ctx.db)).streams).toBeGreaterThan(anchor.streams.length)
  expect(await flaws()).toEqual([])
})

describe('a pruned chain', () => {
  beforeEach(async () => {
    await ageRows(spine.database.superuserUrl, stream, 4, 400)
    anchor = await makeAnchor(spine.ctx)
    expect(await pruneRows(spine.ctx.db, keptDays, 1_000)).toBe(4)
  })
  const left = async () => (await spine.auditLog(stream)).map(({ sequence }) => sequence)

  it('is whole, also by an anchor that is older than the pruning', async () => {
    expect(await left()).toEqual([5, 6])
    expect(await flaws()).toEqual([])
    expect(await flaws(null)).toEqual([])
    await appendRows(spine.sql, stream, [{}])
    expect(await flaws()).toEqual([])
  })

  it('is whole by an anchor whose own row is pruned since', async () => {
    await ageRows(spine.database.superuserUrl, stream, 6, 400)
    anchor = await makeAnchor(spine.ctx)
    await appendRows(spine.sql, stream, [{}])
    expect(await pruneRows(spine.ctx.db, keptDays, 1_000)).toBe(2)
    expect(await left()).toEqual([7])
    expect(await flaws()).toEqual([])
  })

  it('may have been pruned by a shorter time, before the anchor or as it tells', async () => {
    await ageRows(spine.database.superuserUrl, stream, 5, 40)
    anchor = await makeAnchor(spine.ctx)
    await pruneRows(spine.ctx.db, 30, 1_000)
    expect(await left()).toEqual([6])
    expect(await flaws()).toEqual([[5, 'rows up to the checkpoint are gone, and were not 365 days old']])
    expect(await flaws({ ...anchor, retentionDays: 30 })).toEqual([])
    expect(await flaws(anchor, 30)).toEqual([])
    expect(await flaws(await makeAnchor(spine.ctx))).toEqual([])
  })

  it.each([
    ['another time', `occurred_at = occurred_at - interval '1 day'`, 'the checkpoint was changed'],
    ['another hash', `hash = '\\x00'`, 'the checkpoint was changed'],
  ])('whose checkpoint has %s is not whole', async (_what, assignment, message) => {
    await asSuperuser(`update audit_checkpoints set ${assignment} where stream_id = '${stream}'`)
    expect(await flaws()).toContainEqual([4, message])
  })

  it('whose checkpoint is gone is not whole', async () => {
    await asSuperuser(`delete from audit_checkpoints where stream_id = '${stream}'`)
    expect(await flaws()).toContainEqual([5, 'rows 1 to 4 are missing'])
  })

  it('that pretends to begin later than it does is not whole', async () => {
    await asSuperuser(`delete from audit_checkpoints where stream_id = '${stream}';
      insert into audit_checkpoints select *, now() from audit_logs where stream_id = '${stream}' and sequence = 5`)
    expect(await flaws()).toContainEqual([5, 'rows before the checkpoint are still there'])
  })
})

describe('the file', () => {
  const read = (text: string) => readAnchor(spine.ctx, text)

  it('is read as it was made, however it is laid out', () => {
    expect(read(JSON.stringify(anchor))).toEqual(anchor)
    expect(read(JSON.stringify(Object.fromEntries(Object.entries(anchor).reverse()), null, 2))).toEqual(
      anchor,
    )
    expect(JSON.stringify(anchor)).not.toContain(spine.ctx.config.sealingKeys[0]?.toString() ?? 'x')
  })

  it.each<[string, (made: Anchor) => unknown]>([
    [
      'another hash',
      (made) => ({ ...made, streams: made.streams.map((s) => ({ ...s, hash: '00'.repeat(32) })) }),
    ],
    ['a stream fewer', (made) => ({ ...made, streams: made.streams.slice(1) })],
    ['another time', (made) => ({ ...made, issuedAt: '2020-01-01T00:00:00.000Z' })],
    ['another retention', (made) => ({ ...made, retentionDays: 30 })],
    ['another signature', (made) => ({ ...made, signature: Buffer.alloc(64).toString('base64url') })],
    ['no signature', ({ signature, ...made }) => made],
    ['another version', (made) => ({ ...made, version: 2 })],
    ['nothing', () => null],
  ])('with %s is no anchor', (_what, forge) => {
    expect(read(JSON.stringify(forge(anchor)))).toBeUndefined()
  })

  it('that another key signed is no anchor, unless the key is an older one of the list', () => {
    const [key = new Uint8Array()] = spine.ctx.config.sealingKeys
    const withKeys = (...sealingKeys: Uint8Array[]) =>
      readAnchor({ ...spine.ctx, config: { ...spine.ctx.config, sealingKeys } }, JSON.stringify(anchor))
    expect(withKeys(Buffer.alloc(32, 7))).toBeUndefined()
    expect(withKeys(Buffer.alloc(32, 7), key)).toEqual(anchor)
  })

  it.each(['', '{', '[]', 'null', '"x"'])('that is %j is no anchor', (text) => {
    expect(read(text)).toBeUndefined()
  })
})

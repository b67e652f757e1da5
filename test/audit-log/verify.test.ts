import { beforeEach, expect, it } from 'vitest'
import { system } from '../../src/actors.ts'
import { change } from '../../src/change/change.ts'
import { appendToStream } from '../../src/change/queries.ts'
import { verifyAuditLog } from '../../src/features/audit-log/verify.ts'
import { newId } from '../../src/lib/ids.ts'
import { hmacSha256 } from '../../src/lib/secrets.ts'
import { startSpine } from '../support/spine.ts'
import { tamper } from '../support/tampering.ts'

const spine = startSpine()
const rowCount = 5
let stream: string

beforeEach(async () => {
  stream = await spine.organization()
  for (let n = 1; n <= rowCount; n++) {
    await change(spine.ctx, system('test'), async (_tx, record) => {
      record('project.updated', { organizationId: stream, target: `app_${n}`, data: { n } })
    })
  }
})

const flaws = async () =>
  (await verifyAuditLog(spine.ctx.db)).flaws
    .filter(({ streamId }) => streamId === stream)
    .map(({ sequence, message }) => [sequence, message])
const asSuperuser = (statements: string) => tamper(spine.database.superuserUrl, statements)
const rowAt = (sequence: number) => `stream_id = '${stream}' and sequence = ${sequence}`
const detailsOf = (sequence: number) => `audit_id = (select id from audit_logs where ${rowAt(sequence)})`

it('finds a log that nobody touched whole', async () => {
  expect(await flaws()).toEqual([])
  const { streams, rows } = await verifyAuditLog(spine.ctx.db)
  const [row] = await spine.sql(
    'select count(distinct stream_id) as streams, count(*) as rows from audit_logs',
  )
  expect({ streams, rows }).toEqual(row)
})

it.each([
  `id = 'aud_other'`,
  `action = 'project.deleted'`,
  `actor_kind = 'user'`,
  `actor_id = 'usr_framed'`,
  `target_id = null`,
  `target_id = 'app_9'`,
  `request_id = 'req_other'`,
  `occurred_at = occurred_at + interval '1 millisecond'`,
  `details_mac = '\\x00'`,
])('finds a row whose %s was edited', async (assignment) => {
  await asSuperuser(`update audit_logs set ${assignment} where ${rowAt(3)}`)
  expect(await flaws()).toContainEqual([3, 'the row was changed'])
})

it('finds an edited row whose own hash was computed anew', async () => {
  await asSuperuser(`
    update audit_logs set action = 'project.deleted' where ${rowAt(3)};
    update audit_logs set hash = audit_hash(previous_hash, audit_logs) where ${rowAt(3)}`)
  expect(await flaws()).toEqual([[4, 'the row does not follow the row before it']])
})

it('finds the last row edited and hashed anew', async () => {
  await asSuperuser(`
    update audit_logs set action = 'project.deleted' where ${rowAt(5)};
    update audit_logs set hash = audit_hash(previous_hash, audit_logs) where ${rowAt(5)}`)
  expect(await flaws()).toEqual([
    [5, 'the chain ends at 5, its head is at 5: rows at the end are missing or changed'],
  ])
})

it('finds a deleted row', async () => {
  await asSuperuser(`delete from audit_logs where ${rowAt(3)}`)
  expect(await flaws()).toEqual([
    [4, 'rows 3 to 3 are missing'],
    [4, 'the row does not follow the row before it'],
  ])
})

it('finds the first row deleted', async () => {
  await asSuperuser(`delete from audit_logs where ${rowAt(1)}`)
  expect(await flaws()).toContainEqual([2, 'rows 1 to 1 are missing'])
})

it('finds a deleted row whose followers were numbered anew', async () => {
  await asSuperuser(`
    delete from audit_logs where ${rowAt(3)};
    update audit_logs set sequence = 3 where ${rowAt(4)};
    update audit_logs set sequence = 4 where ${rowAt(5)};
    update streams set audit_sequence = 4 where id = '${stream}'`)
  expect(await flaws()).toContainEqual([3, 'the row does not follow the row before it'])
})

it('finds two rows that changed places', async () => {
  await asSuperuser(`
    update audit_logs set sequence = -1 where ${rowAt(2)};
    update audit_logs set sequence = 2 where ${rowAt(3)};
    update audit_logs set sequence = 3 where ${rowAt(-1)}`)
  expect(await flaws()).toEqual([
    [2, 'the row does not follow the row before it'],
    [2, 'the row was changed'],
    [3, 'the row does not follow the row before it'],
    [3, 'the row was changed'],
    [4, 'the row does not follow the row before it'],
  ])
})

it('finds what two rows say exchanged while their links stay', async () => {
  await asSuperuser(`
    update audit_logs mine set target_id = other.target_id, details_mac = other.details_mac
    from audit_logs other
    where mine.stream_id = '${stream}' and other.stream_id = '${stream}'
      and mine.sequence + other.sequence = 5 and mine.sequence in (2, 3)`)
  expect(await flaws()).toContainEqual([2, 'the row was changed'])
})

it('finds a cut tail', async () => {
  await asSuperuser(`delete from audit_logs where stream_id = '${stream}' and sequence > 3`)
  expect(await flaws()).toEqual([
    [3, 'the chain ends at 3, its head is at 5: rows at the end are missing or changed'],
  ])
})

it('finds every row deleted', async () => {
  await asSuperuser(`delete from audit_logs where stream_id = '${stream}'`)
  expect(await flaws()).toEqual([
    [0, 'the chain ends at 0, its head is at 5: rows at the end are missing or changed'],
  ])
})

it.each(['details = details || details', `details = '{}'`, `salt = '\\x00'`])(
  'finds details that were changed: %s',
  async (assignment) => {
    await asSuperuser(`update audit_details set ${assignment} where ${detailsOf(2)}`)
    expect(await flaws()).toEqual([[2, 'the details were changed']])
  },
)

it('finds the details of two rows exchanged', async () => {
  await asSuperuser(`
    update audit_details mine set salt = other.salt, details = other.details from audit_details other
    where (mine.${detailsOf(2)} and other.${detailsOf(3)}) or (mine.${detailsOf(3)} and other.${detailsOf(2)})`)
  expect(await flaws()).toEqual([
    [2, 'the details were changed'],
    [3, 'the details were changed'],
  ])
})

it('accepts details that were erased: the chain holds without them', async () => {
  await asSuperuser(`delete from audit_details where ${detailsOf(2)}`)
  expect(await flaws()).toEqual([])
})

it.each([
  ['removed', () => `delete from streams where id = '${stream}'`],
  [
    'set back',
    () => `update streams set audit_sequence = 3,
     head_hash = (select hash from audit_logs where ${rowAt(3)}) where id = '${stream}'`,
  ],
  ['emptied', () => `update streams set audit_sequence = 0, head_hash = '' where id = '${stream}'`],
])('finds a head that was %s', async (_what, statement) => {
  await asSuperuser(statement())
  expect(await flaws()).toEqual([[5, 'the row is past the head: the head is missing or was set back']])
})

it('computes the same hash as audit_hash, whatever the texts hold', async () => {
  const odd = [
    '"quotes" and \\backslashes\\ and /slashes/',
    'new\nline, return\r, tab\t, feed\f, bell\b\u0007, escape\u001b, delete\u007f',
    String.fromCharCode(...Array.from({ length: 31 }, (_, n) => n + 1)),
    'ünïcode – 漢字 – \u{1f469}\u200d\u{1f680} – \u202etxet',
    'separators \u2028 \u2029, byte order \ufeff, c1 \u0085, noncharacter \uffff',
    "'; drop table audit_logs; --",
    '',
    '[1, "2"]',
    'null',
    '\\u0041 \\n',
    '</script><!--',
  ]
  await spine.ctx.db.transaction().execute(async (tx) => {
    await appendToStream(
      tx,
      stream,
      odd.map((text) => ({
        id: newId('aud'),
        action: text,
        actorKind: text,
        actorId: text,
        targetId: text,
        requestId: text,
        salt: '00ff',
        detailsMac: hmacSha256(Buffer.from('00ff', 'hex'), text).toString('hex'),
        details: text,
        eventId: null,
        projectId: null,
        data: text,
      })),
    )
  })
  expect((await spine.auditLog(stream)).slice(rowCount).map(({ target_id }) => target_id)).toEqual(odd)
  expect(await flaws()).toEqual([])
})

it('walks a chain longer than one batch', async () => {
  const entries = Array.from({ length: 2_100 }, (_, n) => n)
  await change(spine.ctx, system('test'), async (_tx, record) => {
    for (const n of entries) record('project.updated', { organizationId: stream, target: `app_${n}` })
  })
  expect(await flaws()).toEqual([])
  await asSuperuser(`update audit_logs set target_id = 'x' where ${rowAt(2_050)}`)
  expect(await flaws()).toEqual([[2_050, 'the row was changed']])
})

it('finds nothing wrong while writers are writing', { timeout: 60_000 }, async () => {
  let isOver = false
  const known = [stream, await spine.organization(), 'platform']
  const writer = async (n: number) => {
    for (let round = 0; !isOver; round++) {
      await change(spine.ctx, system('test'), async (_tx, record) => {
        const organizationId =
          round < 100 && round % 10 === 0 ? `org_${n}_${round}` : (known[round % known.length] ?? '')
        record('project.updated', { organizationId, target: null })
      })
    }
  }
  const writing = Promise.all([1, 2, 3, 4].map(writer))
  try {
    // Other tests of this file left their streams broken.
    const broken = new Set((await verifyAuditLog(spine.ctx.db)).flaws.map(({ streamId }) => streamId))
    expect(known.filter((id) => broken.has(id))).toEqual([])
    for (let walk = 0; walk < 5; walk++) {
      const found = (await verifyAuditLog(spine.ctx.db)).flaws.filter(({ streamId }) => !broken.has(streamId))
      expect(found).toEqual([])
    }
  } finally {
    isOver = true
    await writing
  }
})

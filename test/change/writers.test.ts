import { beforeAll, describe, expect, it } from 'vitest'
import { system } from '../../src/actors.ts'
import type { RecordEntry } from '../../src/change/actions.ts'
import { change } from '../../src/change/change.ts'
import type { Tx } from '../../src/db/database.ts'
import { verifyAuditLog } from '../../src/features/audit-log/verify.ts'
import { startSpine } from '../support/spine.ts'

const writers = 16
const seconds = 3
const spine = startSpine()
const actor = system('test')

type Step = (tx: Tx, record: RecordEntry, writer: number, round: number) => Promise<void> | void

/** Lets all writers change things until the time is over; returns how many changes went through. */
async function write(step: Step): Promise<number> {
  const end = performance.now() + seconds * 1_000
  let changes = 0
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let round = 0; performance.now() < end; round++) {
        const isThrough = await change(spine.ctx, actor, async (tx, record) =>
          step(tx, record, writer, round),
        ).then(() => true, refusedAsSlow)
        if (isThrough) changes++
      }
    }),
  )
  return changes
}

/** On a machine that is busy otherwise a lock may come too late, which callers hear of; nothing else may go wrong. */
function refusedAsSlow(error: unknown): false {
  const { cause } = error as { cause?: { code?: string } }
  if (cause?.code !== '57014') throw error
  return false
}

async function deadlocks(): Promise<number> {
  const [row] = await spine.sql<{ deadlocks: number }>(
    'select deadlocks from pg_stat_database where datname = current_database()',
  )
  return row?.deadlocks ?? -1
}

async function expectOrder(): Promise<void> {
  expect(await deadlocks()).toBe(0)
  expect(spine.logLines.filter((line) => line.includes('tried again'))).toEqual([])
  expect((await verifyAuditLog(spine.ctx.db)).flaws).toEqual([])
  const gaps = await spine.sql(
    `select streams.id from streams
     where audit_sequence <> (select count(*) from audit_logs where stream_id = streams.id)
        or audit_sequence <> coalesce((select max(sequence) from audit_logs where stream_id = streams.id), 0)
        or event_sequence <> (select count(*) from events where stream_id = streams.id)
        or event_sequence <> coalesce((select max(sequence) from events where stream_id = streams.id), 0)`,
  )
  expect(gaps).toEqual([])
}

const countRows = async () =>
  (await spine.sql<{ rows: number }>('select count(*) as rows from audit_logs'))[0]?.rows ?? 0

describe(`${writers} writers for ${seconds} s`, { timeout: seconds * 1_000 + 110_000 }, () => {
  let organizations: string[]
  let people: string[]
  beforeAll(async () => {
    people = await Promise.all(Array.from({ length: 8 }, () => spine.person()))
    // Every person is in several organizations, every organization has several people.
    organizations = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        spine.organization(...people.filter((_person, p) => (n + p) % 3 === 0)),
      ),
    )
  })
  const organization = (n: number) => organizations[n % organizations.length] ?? ''
  const person = (n: number) => people[n % people.length] ?? ''

  it('over one organization: no deadlock, no gap, a whole chain', async () => {
    const before = await countRows()
    const changes = await write((_tx, record, writer) => {
      record('project.updated', { organizationId: organization(0), target: `app_${writer}` })
    })
    expect(await countRows()).toBe(before + changes)
    await expectOrder()
  })

  it('over many organizations, each change on a new or another one', async () => {
    const before = await countRows()
    const changes = await write((_tx, record, writer, round) => {
      const organizationId = round % 5 === 0 ? `org_new_${writer}_${round}` : organization(writer + round)
      record('project.updated', { organizationId, target: null })
    })
    expect(await countRows()).toBe(before + changes)
    await expectOrder()
  })

  it('over several streams at once, named in opposite orders, with rows locked before', async () => {
    const changes = await write(async (tx, record, writer, round) => {
      const touched = [writer, writer + round, writer * 5 + 1].map(organization)
      if (writer % 2 === 1) touched.reverse()
      await tx
        .selectFrom('organizations')
        .select('id')
        .where('id', '=', organization(writer))
        .forUpdate()
        .execute()
      for (const organizationId of touched) record('project.updated', { organizationId, target: null })
      record('user.updated', { userId: person(round), target: person(round) })
      if (round % 3 === 0) record('platform.signing_key.rotated', { target: 'key' })
    })
    expect(changes).toBeGreaterThan(writers)
    await expectOrder()
  })
})

import { beforeEach, expect, it } from 'vitest'
import { withClient } from '../../src/db/postgres-roles.ts'
import { pruneRows } from '../../src/features/audit-log/queries.ts'
import { verifyAuditLog } from '../../src/features/audit-log/verify.ts'
import { keepHouse } from '../../src/housekeeping.ts'
import { ageRows, appendRows } from '../support/audit-rows.ts'
import { startSpine } from '../support/spine.ts'

const spine = startSpine()
let streams: string[]

/** Two streams of six rows each, the first four of them 400 days old. */
beforeEach(async () => {
  streams = [await spine.organization(), await spine.organization()]
  for (const stream of streams) {
    await appendRows(
      spine.sql,
      stream,
      Array.from({ length: 6 }, () => ({})),
    )
    await ageRows(spine.database.superuserUrl, stream, 4, 400)
  }
})

const left = () =>
  Promise.all(streams.map(async (stream) => (await spine.auditLog(stream)).map(({ sequence }) => sequence)))
const flaws = async () => (await verifyAuditLog(spine.ctx.db)).flaws

it('takes the oldest of each stream, as many as one asks, and none before its time', async () => {
  expect(await pruneRows(spine.ctx.db, 401, 100)).toBe(0)
  expect(await pruneRows(spine.ctx.db, 365, 3)).toBe(3)
  expect((await left()).flat()).toHaveLength(9)
  expect(await flaws()).toEqual([])
  expect(await pruneRows(spine.ctx.db, 365, 100)).toBe(5)
  expect(await left()).toEqual([
    [5, 6],
    [5, 6],
  ])
  expect(await flaws()).toEqual([])
  expect(await spine.sql('select count(*)::integer as details from audit_details')).toEqual([
    { details: (await spine.sql('select from audit_logs')).length },
  ])
})

it('keeps what stands behind a row that is kept, and stops for no stream of that kind', async () => {
  const [odd = '', plain = ''] = streams
  // Its clock was a year ahead for a moment when the first row was written.
  await ageRows(spine.database.superuserUrl, odd, 1, -400)
  await ageRows(spine.database.superuserUrl, odd, 4, 100)
  expect(await pruneRows(spine.ctx.db, 365, 2)).toBe(2)
  expect(await pruneRows(spine.ctx.db, 365, 100)).toBe(2)
  expect(await left()).toEqual([
    [1, 2, 3, 4, 5, 6],
    [5, 6],
  ])
  expect(plain).not.toBe('')
  expect(await flaws()).toEqual([])
})

it('takes a stream whole that had its time, and the stream goes on', async () => {
  const [idle = ''] = streams
  await ageRows(spine.database.superuserUrl, idle, 6, 400)
  await pruneRows(spine.ctx.db, 365, 100)
  expect((await left())[0]).toEqual([])
  expect(await flaws()).toEqual([])
  await appendRows(spine.sql, idle, [{}])
  expect((await left())[0]).toEqual([7])
  expect(await flaws()).toEqual([])
})

it('happens in the course of housekeeping', async () => {
  await keepHouse(spine.ctx)
  expect(await left()).toEqual([
    [5, 6],
    [5, 6],
  ])
  expect(spine.logLines).toEqual([])
})

it('waits for nobody: neither for whoever writes, nor for another who prunes', async () => {
  await withClient(spine.database.superuserUrl, async (client) => {
    await client.query(`begin; select from streams for update`)
    expect(await pruneRows(spine.ctx.db, 365, 1)).toBe(1)
    await client.query(`select audit_prune(365, 1)`)
    expect(await pruneRows(spine.ctx.db, 365, 100)).toBe(0)
    await client.query('rollback')
  })
  expect(await pruneRows(spine.ctx.db, 365, 100)).toBe(7)
  expect(await flaws()).toEqual([])
})

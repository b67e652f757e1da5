import { sql } from 'kysely'
import { beforeEach, expect, it } from 'vitest'
import { system } from '../../src/actors.ts'
import { change } from '../../src/change/change.ts'
import { answerBefore } from '../../src/change/idempotency.ts'
import type { Tx } from '../../src/db/database.ts'
import { startSpine, userActor } from '../support/spine.ts'

const spine = startSpine()
const actor = system('test')
let organizationId: string

beforeEach(async () => {
  organizationId = await spine.organization()
  spine.logLines.length = 0
})

const fail = (tx: Tx, code: string) =>
  sql.raw(`do $$ begin raise exception 'made up' using errcode = '${code}'; end $$`).execute(tx)

it.each(['40P01', '40001'])('tries three times on %s, each with a clean transaction', async (code) => {
  let runs = 0
  const result = await change(spine.ctx, actor, async (tx, record) => {
    runs++
    record('project.created', { organizationId, target: `run_${runs}` })
    await tx
      .updateTable('organizations')
      .set({ name: `run ${runs}` })
      .where('id', '=', organizationId)
      .execute()
    if (runs < 3) await fail(tx, code)
    return runs
  })
  expect(result).toBe(3)
  expect(await spine.auditLog(organizationId)).toMatchObject([{ sequence: 1, target_id: 'run_3' }])
  expect(spine.logLines.filter((line) => line.includes('a transaction is tried again'))).toHaveLength(2)
})

it('gives up after the third time with an answer that says to come again', async () => {
  let runs = 0
  const failing = change(spine.ctx, actor, async (tx, record) => {
    runs++
    record('project.created', { organizationId, target: null })
    await fail(tx, '40P01')
  })
  await expect(failing).rejects.toMatchObject({
    code: 'service_unavailable',
    retryAfterSeconds: 1,
    cause: { code: '40P01' },
  })
  expect(runs).toBe(3)
  expect(await spine.auditLog(organizationId)).toEqual([])
})

it.each(['23505', 'P0001', '42501'])('does not try again on %s', async (code) => {
  let runs = 0
  const failing = change(spine.ctx, actor, async (tx) => {
    runs++
    await fail(tx, code)
  })
  await expect(failing).rejects.toMatchObject({ code })
  expect(runs).toBe(1)
})

it('keeps the answer of the try that worked', async () => {
  const caller = userActor(await spine.person())
  caller.request.idempotency = { key: 'k', fingerprint: 'f', answer: (result) => ({ run: result }) }
  let runs = 0
  await change(spine.ctx, caller, async (tx, record) => {
    runs++
    record('project.created', { organizationId, target: null })
    if (runs === 1) await fail(tx, '40001')
    return runs
  })
  expect(await answerBefore(spine.ctx, caller)).toEqual({ run: 2 })
})

it('gets both of two changes through that lock the same rows in opposite order', async () => {
  const other = await spine.organization()
  const bothHoldOne = Promise.withResolvers<void>()
  let holding = 0
  const lock = (tx: Tx, id: string) =>
    tx.selectFrom('organizations').select('id').where('id', '=', id).forUpdate().execute()
  const cross = (first: string, second: string) =>
    change(spine.ctx, actor, async (tx, record) => {
      await lock(tx, first)
      if (++holding === 2) bothHoldOne.resolve()
      await bothHoldOne.promise
      await lock(tx, second)
      record('project.created', { organizationId: first, target: null })
    })
  await Promise.all([cross(organizationId, other), cross(other, organizationId)])
  expect(await spine.auditLog(organizationId)).toHaveLength(1)
  expect(await spine.auditLog(other)).toHaveLength(1)
  // Postgres ends one of the two, or both where both look for the deadlock at the same moment.
  const tried = spine.logLines.filter((line) => line.includes('a transaction is tried again'))
  expect([1, 2]).toContain(tried.length)
})

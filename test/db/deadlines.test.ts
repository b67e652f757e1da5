import { sql } from 'kysely'
import { afterEach, beforeEach, expect, inject, it } from 'vitest'
import { system } from '../../src/actors.ts'
import { change } from '../../src/change/change.ts'
import type { BatchWriter } from '../../src/lib/batches.ts'
import { remainingMs, withDeadline } from '../../src/lib/deadline.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { rows, until } from '../support/embedded-postgres.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { contextOn } from '../support/spine.ts'

let database: TestDatabase
let opened: ReturnType<typeof contextOn>
const poolMax = 2

beforeEach(async () => {
  database = await createTestDatabase(inject('postgres'))
  opened = contextOn(database.appUrl, poolMax)
})
afterEach(async () => {
  await opened.database.close()
  await database.drop()
})

const select = (db = opened.ctx.db) => sql<{ one: number }>`select 1 as one`.execute(db)
const within = <T>(ms: number, work: () => T) => withDeadline(performance.now() + ms, work)
const isOver = () => until(() => remainingMs() < 1)
const unavailable = { code: 'service_unavailable', retryAfterSeconds: 2 }

it('asks nothing any more when the time is over, and keeps the connection', async () => {
  await select()
  await within(0, () => expect(select()).rejects.toMatchObject({ ...unavailable, cause: expect.anything() }))
  expect(opened.database.pool.totalCount).toBe(1)
  expect((await select()).rows).toEqual([{ one: 1 }])
})

it('never commits a change whose time is over, and waits for no rollback', async () => {
  const failing = within(150, () =>
    change(opened.ctx, system('test'), async (tx, record) => {
      record('platform.signing_key.rotated', { target: null })
      await select(tx)
      await isOver()
    }),
  )
  await expect(failing).rejects.toMatchObject(unavailable)
  expect(await rows(database.superuserUrl, 'select * from audit_logs')).toEqual([])
  expect(opened.database.pool.totalCount).toBe(0)
})

it('gives up on an answer that does not come when the time is over', async () => {
  const proxy = await startFaultProxy(database.appUrl)
  const { ctx, database: through } = contextOn(proxy.url, poolMax)
  await select(ctx.db)
  proxy.goSilent()
  await within(150, async () => {
    await expect(select(ctx.db)).rejects.toMatchObject({
      ...unavailable,
      cause: { message: 'Query read timeout' },
    })
    // Not by the timeout of a query without a deadline.
    expect(remainingMs()).toBeGreaterThan(-2_000)
  })
  await through.close()
  await proxy.stop()
})

it('waits for a connection no longer than it has time, and the connection is not lost', async () => {
  const free = Promise.withResolvers<void>()
  const holding = Array.from({ length: poolMax }, () =>
    opened.ctx.db.connection().execute(async () => free.promise),
  )
  await until(() => opened.database.pool.totalCount === poolMax)
  await within(100, () =>
    expect(select()).rejects.toMatchObject({
      ...unavailable,
      cause: { message: 'the deadline came before a connection' },
    }),
  )
  free.resolve()
  await Promise.all(holding)
  await until(() => opened.database.pool.idleCount === poolMax)
})

it('does not end what is written together later', async () => {
  const written: string[] = []
  const writer: BatchWriter<unknown, true> = {
    everyMs: 20,
    most: 10,
    async write(_context, entries) {
      await select()
      written.push(...entries.keys())
    },
  }
  await within(10, async () => {
    opened.ctx.batches.add(writer, 'seen', true)
    await isOver()
  })
  await until(() => written.length > 0)
  expect(written).toEqual(['seen'])
})

import { sql } from 'kysely'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { system } from '../../src/actors.ts'
import { change } from '../../src/change/change.ts'
import { openDatabase } from '../../src/db/database.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { rows, until } from '../support/embedded-postgres.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { contextOn } from '../support/spine.ts'

let database: TestDatabase
let proxy: Awaited<ReturnType<typeof startFaultProxy>>
let opened: ReturnType<typeof contextOn>

beforeEach(async () => {
  database = await createTestDatabase(inject('postgres'))
  proxy = await startFaultProxy(database.appUrl)
  opened = contextOn(proxy.url, 2)
})
afterEach(async () => {
  await opened.database.close()
  await proxy.stop()
  await database.drop()
})

const unavailable = { code: 'service_unavailable', retryAfterSeconds: 2 }
const db = () => opened.ctx.db
const one = async () => (await sql<{ one: number }>`select 1 as one`.execute(db())).rows
const pid = async () =>
  (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db())).rows[0]?.pid
const asSuperuser = (text: string) => rows(database.superuserUrl, text)
const terminateAll = () =>
  asSuperuser(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and usename = 'silver_app'`)
const record = { organizationId: 'org_1', target: null }

describe('a connection that is lost', () => {
  it.each([
    ['its backend is terminated', terminateAll],
    ['the network cuts it', async () => proxy.cut()],
  ])('inside a transaction between two queries, because %s: 503, and the next works', async (_why, lose) => {
    const heard = () => opened.logLines.filter((line) => line.includes('a database connection was lost'))
    const failing = change(opened.ctx, system('test'), async (tx, tell) => {
      await sql`select 1`.execute(tx)
      await lose()
      await until(() => heard().length > 0)
      tell('project.created', record)
      await sql`select 2`.execute(tx)
    })
    await expect(failing).rejects.toMatchObject(unavailable)
    expect(await one()).toEqual([{ one: 1 }])
    expect(await asSuperuser('select * from audit_logs')).toEqual([])
  })

  it('while idle in the pool: the next caller gets another', async () => {
    const before = await pid()
    await terminateAll()
    await until(() => opened.database.pool.idleCount === 0)
    expect(await pid()).not.toBe(before)
  })

  it('while a query runs', async () => {
    const running = sql`select pg_sleep(60)`.execute(db())
    const refused = expect(running).rejects.toMatchObject(unavailable)
    await until(
      async () =>
        (
          await asSuperuser(`select from pg_stat_activity where wait_event = 'PgSleep'
      and datname = current_database()`)
        ).length === 1,
    )
    await terminateAll()
    await refused
    expect(await one()).toEqual([{ one: 1 }])
  })
})

describe('a database that accepts and never answers', { timeout: 30_000 }, () => {
  const limitMs = 6_000

  /** Every caller must have been refused within the limit, however many connections the pool has and whatever they were doing. */
  async function expectRefusals(callers: (() => Promise<unknown>)[]): Promise<void> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => late.reject(new Error(`no answer within ${limitMs} ms`)), limitMs)
    const outcomes = callers.map((caller) => expect(caller()).rejects.toMatchObject(unavailable))
    await Promise.race([Promise.all(outcomes), late.promise])
    clearTimeout(timer)
  }

  it('refuses new and waiting callers within six seconds, and serves again when it is back', async () => {
    await Promise.all([one(), one()])
    proxy.goSilent()
    await expectRefusals(Array.from({ length: 8 }, () => one))
    await expectRefusals([one])
    proxy.heal()
    expect(await one()).toEqual([{ one: 1 }])
  })

  it('refuses a transaction under way within six seconds: no ROLLBACK is waited for', async () => {
    await expectRefusals([
      () =>
        change(opened.ctx, system('test'), async (tx, tell) => {
          await sql`select 1`.execute(tx)
          proxy.goSilent()
          tell('project.created', record)
          await sql`select 2`.execute(tx)
        }),
    ])
    proxy.heal()
    expect(await one()).toEqual([{ one: 1 }])
  })

  it('never gives the connection of a query that timed out to the next caller', async () => {
    const before = await pid()
    proxy.goSilent()
    await expectRefusals([() => sql`select 'meant for the first caller' as one`.execute(db())])
    proxy.heal()
    expect(await one()).toEqual([{ one: 1 }])
    expect(await pid()).not.toBe(before)
  })
})

it('ends a slow statement in Postgres, and keeps the connection', { timeout: 20_000 }, async () => {
  const before = await pid()
  await expect(sql`select pg_sleep(60)`.execute(db())).rejects.toMatchObject({
    ...unavailable,
    cause: { code: '57014' },
  })
  expect(await pid()).toBe(before)
})

describe('a database that cannot be connected to', () => {
  it.each([
    ['where nothing listens', () => withUrl((url) => (url.port = '1'))],
    ['with a password that was changed', () => withUrl((url) => (url.password = 'wrong'))],
    ['that does not exist', () => withUrl((url) => (url.pathname = '/nowhere'))],
    ['whose host has no address', () => withUrl((url) => (url.hostname = 'nowhere.invalid'))],
  ])('%s is 503 for callers, with the cause kept', async (_what, url) => {
    const { db, close } = openDatabase({ url: url(), poolMax: 1, onLostConnection: () => undefined })
    await expect(sql`select 1`.execute(db)).rejects.toMatchObject({
      ...unavailable,
      cause: expect.any(Error),
    })
    await close()
  })

  it('because it has no connection left: 503, and it works again when one is free', async () => {
    const limit = (most: number) => asSuperuser(`alter database ${name} connection limit ${most}`)
    const name = new URL(database.appUrl).pathname.slice(1)
    await limit(0)
    await expect(one()).rejects.toMatchObject({ ...unavailable, cause: { code: '53300' } })
    await limit(-1)
    expect(await one()).toEqual([{ one: 1 }])
  })
})

it('is 503 when the server fell back to read-only, on a connection that is not kept', async () => {
  const before = await pid()
  await sql`set default_transaction_read_only = on`.execute(db())
  const insert = () =>
    db()
      .insertInto('guess_locks')
      .values({ kind: 'k', account: 'a', address: 'x', failures: 1, locked_until: new Date() })
  await expect(insert().execute()).rejects.toMatchObject({ ...unavailable, cause: { code: '25006' } })
  await insert().execute()
  expect(await pid()).not.toBe(before)
})

it('passes on what is a mistake of ours', async () => {
  await expect(sql`select from nothing`.execute(db())).rejects.toMatchObject({ code: '42P01' })
})

function withUrl(edit: (url: URL) => unknown): string {
  const url = new URL(database.appUrl)
  edit(url)
  return url.href
}

it('is closed only when the server has let every connection go', async () => {
  const watcher = new pg.Client({ connectionString: database.superuserUrl })
  await watcher.connect()
  const lost: Error[] = []
  // A goodbye takes the server a moment: any one round can be lucky.
  for (let round = 0; round < 20; round++) {
    const { db, close } = openDatabase({
      url: database.appUrl,
      poolMax: 4,
      onLostConnection: (error) => lost.push(error),
    })
    await Promise.all([1, 2, 3, 4].map(() => sql`select 1`.execute(db)))
    await close()
    const left = await watcher.query(`select pid from pg_stat_activity
      where datname = current_database() and usename = 'silver_app'`)
    expect(left.rows).toEqual([])
  }
  expect(lost).toEqual([])
  await watcher.end()
})

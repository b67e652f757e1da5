import { sql } from 'kysely'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { prepare } from '../../src/db/prepared.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { rows } from '../support/embedded-postgres.ts'

const findPlan = prepare<{ key: string }>()('test_find_plan', (db, parameter) =>
  db.selectFrom('plans').select(['key', 'name']).where('key', '=', parameter('key')),
)

let test: TestDatabase
let database: Database

// One connection, so that every statement is known to reach the same one.
beforeAll(async () => {
  test = await createTestDatabase(inject('postgres'))
  database = openDatabase({ url: test.appUrl, poolMax: 1, onLostConnection: () => undefined })
})
afterAll(async () => {
  await database?.close()
  await test?.drop()
})

const free = [{ key: 'free', name: 'Free' }]
const prepared = async () =>
  (
    await sql<{ name: string; uses: number }>`
      select name, generic_plans + custom_plans as uses from pg_prepared_statements`.execute(database.db)
  ).rows
const backend = async () =>
  (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(database.db)).rows[0]?.pid

it('sends a hot query under its name, parsed once per connection, and nothing else', async () => {
  for (const key of ['free', 'pro', 'scale'])
    expect(await findPlan(database.db, { key })).toMatchObject([{ key }])
  await database.db.transaction().execute((tx) => findPlan(tx, { key: 'free' }))
  await database.db.selectFrom('plans').selectAll().where('key', '=', 'free').execute()
  expect(await prepared()).toEqual([{ name: 'test_find_plan', uses: 4 }])
})

it.each(['deallocate all', 'discard all'])('answers after %s', async (statement) => {
  await findPlan(database.db, { key: 'free' })
  await sql.raw(statement).execute(database.db)
  expect(await findPlan(database.db, { key: 'free' })).toEqual(free)
  expect(await findPlan(database.db, { key: 'free' })).toEqual(free)
  expect(await prepared()).toEqual([{ name: 'test_find_plan', uses: 1 }])
})

it('answers after a migration changed what the statement gives', async () => {
  await findPlan(database.db, { key: 'free' })
  await rows(test.superuserUrl, 'alter table plans alter column name type varchar(100)')
  expect(await findPlan(database.db, { key: 'free' })).toEqual(free)
})

it('says in a transaction, which is spoilt then, to come again; the next one works', async () => {
  const attempt = () =>
    database.db.transaction().execute(async (tx) => {
      await sql`select 1`.execute(tx)
      return findPlan(tx, { key: 'free' })
    })
  await attempt()
  await sql`deallocate all`.execute(database.db)
  await expect(attempt()).rejects.toMatchObject({ code: 'service_unavailable', cause: { code: '26000' } })
  expect(await attempt()).toEqual(free)
})

it('answers on a new connection', async () => {
  const before = await backend()
  await rows(test.superuserUrl, `select pg_terminate_backend(${before})`)
  await expect.poll(() => backend().catch(() => before)).not.toBe(before)
  expect(await findPlan(database.db, { key: 'free' })).toEqual(free)
  expect(await prepared()).toEqual([{ name: 'test_find_plan', uses: 1 }])
})

it('reads int8 as a number', async () => {
  const { rows } = await sql`select 9007199254740991::int8 as big, count(*) as many, null::int8 as none,
    array[1::int8] as list from (values (1), (2)) as two`.execute(database.db)
  expect(rows).toEqual([{ big: Number.MAX_SAFE_INTEGER, many: 2, none: null, list: ['1'] }])
})

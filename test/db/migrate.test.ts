import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, inject, it } from 'vitest'
import { migrateUp, migrationStatus } from '../../src/db/migrate.ts'
import { appRole, withClient } from '../../src/db/postgres-roles.ts'
import type { TestDatabase } from '../support/database.ts'
import { rows, until } from '../support/embedded-postgres.ts'
import { createEmptyDatabase } from '../support/empty-database.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'

const own = readdirSync(new URL('../../migrations/', import.meta.url))
  .filter((name) => /^\d{4}_.*\.sql$/.test(name))
  .map((name) => name.replace('.sql', ''))
  .sort()
const source = fileURLToPath(new URL('../../src/db/migrate.ts', import.meta.url))
const kyselyLock = '3853314791062309107'

let database: TestDatabase
let directory: string

beforeEach(async () => {
  database = await createEmptyDatabase(inject('postgres'))
  directory = await mkdtemp(path.join(tmpdir(), 'silver-auth-migrations-'))
  await writeFile(path.join(directory, 'grants.sql'), 'grant usage on schema public to silver_app')
})
afterEach(async () => {
  await database.drop()
  await rm(directory, { recursive: true, force: true })
})

const options = (from?: string) => ({
  ownerUrl: database.ownerUrl,
  appRole,
  ...(from ? { directory: from } : {}),
})
const file = (name: string, text: string) => writeFile(path.join(directory, `${name}.sql`), text)
const asSuperuser = (sql: string) => rows(database.superuserUrl, sql)
const tables = async () =>
  (
    await asSuperuser(`select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
    and relname not like 'schema_migrations%' order by 1`)
  ).map(({ relname }) => relname)

it('tells what is pending, applies it once, and tells when', async () => {
  expect(await migrationStatus(options())).toEqual(own.map((name) => ({ name, appliedAt: null })))
  expect(await migrateUp(options())).toEqual(own)
  expect(await migrateUp(options())).toEqual([])
  expect(await migrationStatus(options())).toEqual(
    own.map((name) => ({ name, appliedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) })),
  )
})

it('applies each file once when several starts come together', async () => {
  await withClient(database.superuserUrl, async (holder) => {
    await holder.query(`select pg_advisory_lock(${kyselyLock})`)
    const starts = [1, 2, 3].map(() => migrateUp(options()))
    await until(async () => {
      const waiting = await asSuperuser(`select from pg_locks
        where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`)
      return waiting.length === 3
    })
    await holder.query(`select pg_advisory_unlock(${kyselyLock})`)
    expect((await Promise.all(starts)).filter((applied) => applied.length > 0)).toEqual([own])
  })
})

it('leaves nothing of a run that was killed while a statement ran, and the next run completes', async () => {
  await file('0001_first', 'create table first (id text)')
  await file(
    '0002_second',
    'create table second (id text); select pg_advisory_xact_lock(1); create table third (id text)',
  )
  const script = `const { migrateUp } = await import(process.argv[1])
    await migrateUp(JSON.parse(process.argv[2]))`
  await withClient(database.superuserUrl, async (holder) => {
    await holder.query('select pg_advisory_lock(1)')
    const words = ['--input-type=module', '--eval', script, source, JSON.stringify(options(directory))]
    const child = spawn(process.execPath, words, { stdio: 'inherit' })
    const running = `select from pg_stat_activity where datname = current_database() and usename = 'silver_owner'`
    await until(async () => (await asSuperuser(`${running} and wait_event = 'advisory'`)).length > 0)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await holder.query('select pg_advisory_unlock(1)')
    await until(async () => (await asSuperuser(running)).length === 0)
  })
  expect(await tables()).toEqual([])
  expect(await migrationStatus(options(directory))).toMatchObject([{ appliedAt: null }, { appliedAt: null }])

  expect(await migrateUp(options(directory))).toEqual(['0001_first', '0002_second'])
  expect(await tables()).toEqual(['first', 'second', 'third'])
})

it('fails when the server falls silent while a statement runs, and the next run completes', async () => {
  await file('0001_first', 'select pg_advisory_xact_lock(1); create table first (id text)')
  const proxy = await startFaultProxy(database.ownerUrl)
  await withClient(database.superuserUrl, async (holder) => {
    await holder.query('select pg_advisory_lock(1)')
    const failing = migrateUp({ ...options(directory), ownerUrl: proxy.url }).catch((error: Error) => error)
    await until(async () => {
      const waiting = await asSuperuser(`select from pg_stat_activity where datname = current_database()
        and usename = 'silver_owner' and wait_event = 'advisory'`)
      return waiting.length > 0
    })
    proxy.goSilent()
    expect(await failing).toBeInstanceOf(Error)
    proxy.cut()
  })
  await proxy.stop()
  expect(await migrateUp(options(directory))).toEqual(['0001_first'])
})

it('leaves nothing of a run that failed, not even what came before the failure', async () => {
  await file('0001_first', 'create table first (id text)')
  await file('0002_second', 'create table second (id text); create table first (id text)')
  await expect(migrateUp(options(directory))).rejects.toThrow('relation "first" already exists')
  expect(await tables()).toEqual([])

  await file('0002_second', 'create table second (id text)')
  expect(await migrateUp(options(directory))).toEqual(['0001_first', '0002_second'])
})

it('leaves nothing when grants.sql fails', async () => {
  await file('0001_first', 'create table first (id text)')
  await file('grants', 'grant select on nothing to silver_app')
  await expect(migrateUp(options(directory))).rejects.toThrow('relation "nothing" does not exist')
  expect(await tables()).toEqual([])
})

it('lets a version start on the schema of a newer one, and grants nothing anew', async () => {
  await cp(fileURLToPath(new URL('../../migrations', import.meta.url)), directory, { recursive: true })
  await file('0099_newer', 'create table newer (id text); grant select on newer to silver_app')
  await file('grants', '')
  expect(await migrateUp(options(directory))).toEqual([...own, '0099_newer'])

  expect(await migrateUp(options())).toEqual([])
  expect((await migrationStatus(options())).map(({ name }) => name)).toEqual([...own, '0099_newer'])
  expect(await asSuperuser(`select has_table_privilege('silver_app', 'newer', 'select') as may`)).toEqual([
    { may: true },
  ])
})

import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, inject, it } from 'vitest'
import { migrateUp } from '../../src/db/migrate.ts'
import { appRole } from '../../src/db/postgres-roles.ts'
import { type BuiltService, builtService } from '../faults/harness/built-service.ts'
import type { TestDatabase } from '../support/database.ts'
import { rows } from '../support/embedded-postgres.ts'
import { createEmptyDatabase } from '../support/empty-database.ts'
import { type Answer, call, cookieOf } from '../support/http.ts'
import { eventually, projectRoot } from '../support/spawned.ts'
import { copyMigrationsBefore } from '../support/version-before.ts'

const own = path.join(projectRoot, 'migrations')
const cookieName = '__Host-seqn_session'
const person = { email: 'a@example.com', password: 'correct-horse-battery', organization_name: 'A' }

let database: TestDatabase
let directory: string
let replicas: BuiltService[]

beforeEach(async () => {
  database = await createEmptyDatabase(inject('postgres'))
  directory = await mkdtemp(path.join(tmpdir(), 'silver-auth-replicas-'))
  replicas = []
})
afterEach(async () => {
  for (const replica of replicas) await replica.end('SIGKILL')
  await database.drop()
  await rm(directory, { recursive: true, force: true })
})

const sql = (text: string) => rows(database.superuserUrl, text)

/** Two processes on the database, started in the same moment and ready. */
async function startTogether(more: Record<string, string> = {}): Promise<[BuiltService, BuiltService]> {
  const pair = [await builtService(database, more), await builtService(database, more)] as const
  replicas.push(...pair)
  for (const replica of pair) replica.start()
  for (const { port } of pair) await untilStatus(200, () => call(port, { path: '/healthz' }))
  return [...pair]
}

async function untilStatus(status: number, ask: () => Promise<Answer>): Promise<void> {
  let last: number | undefined
  let isAsking = false
  const asking = async () => {
    isAsking = true
    last = (await ask().catch(() => undefined))?.status
    isAsking = false
  }
  await eventually(() => {
    if (!isAsking) void asking()
    return last === status
  }, `an answer ${status}`)
}

async function expectBothToStop(): Promise<void> {
  for (const replica of replicas) expect(await replica.end('SIGTERM')).toEqual({ code: 0, signal: null })
}

it('fills an empty database once, and serves each other’s people', async () => {
  const [one, other] = await startTogether({ LOG_LEVEL: 'info' })
  const files = (await readdir(own)).filter((name) => /^\d{4}_.*\.sql$/.test(name))
  const applied = await sql('select name from schema_migrations order by name')
  expect(applied.map(({ name }) => `${name}.sql`)).toEqual(files.sort())
  const told = `${one.output()}${other.output()}`.match(/migration applied/g) ?? []
  expect(told).toHaveLength(files.length)
  expect(await sql('select count(*)::int as count from signing_keys')).toEqual([{ count: 1 }])

  const registered = await call(one.port, { method: 'POST', path: '/v1/auth/register', body: person })
  expect(registered.status).toBe(201)
  const cookie = `${cookieName}=${cookieOf(registered, cookieName)}`
  const me = ({ port }: BuiltService, headers: Record<string, string> = { cookie }) =>
    call(port, { path: '/v1/me', headers })
  for (const replica of [one, other]) expect((await me(replica)).status).toBe(200)

  const refreshed = await call(other.port, { method: 'POST', path: '/v1/auth/refresh', headers: { cookie } })
  expect(refreshed.status).toBe(200)
  const next = { cookie: `${cookieName}=${cookieOf(refreshed, cookieName)}` }
  const bearer = { authorization: `Bearer ${refreshed.body.access_token}` }
  for (const replica of [one, other]) {
    expect((await me(replica, next)).status).toBe(200)
    expect((await me(replica, bearer)).status).toBe(200)
  }

  const created = await call(one.port, {
    method: 'POST',
    path: `/v1/orgs/${registered.body.user.organization_id}/projects`,
    headers: next,
    body: { name: 'Shop' },
  })
  const check = ({ port }: BuiltService) =>
    call(port, {
      path: '/v1/backend/application',
      headers: { authorization: `Bearer ${created.body.secretKey}` },
    })
  for (const replica of [one, other, one, other]) expect((await check(replica)).status).toBe(200)
  const rotated = await call(one.port, {
    method: 'POST',
    path: `/v1/orgs/${registered.body.user.organization_id}/projects/${created.body.project.id}/rotate-secret`,
    headers: next,
    body: {},
  })
  expect(rotated.status).toBe(200)
  expect((await check(one)).status).toBe(401)
  await untilStatus(401, () => check(other))

  const left = await call(other.port, { method: 'POST', path: '/v1/auth/logout', headers: next })
  expect(left.status).toBe(204)
  expect((await me(other, bearer)).status).toBe(401)
  await untilStatus(401, () => me(one, bearer))
  await untilStatus(401, () => me(one, next))
  await expectBothToStop()
})

it('takes a database that is a version behind along once, with what is in it', async () => {
  const newest = await copyMigrationsBefore(directory)
  await migrateUp({ ownerUrl: database.ownerUrl, appRole, directory })
  await sql(`insert into users (id, email) values ('usr_01k9x3v7tqe4m8z2c6w5r0h1jd', 'before@example.com')`)
  await startTogether()
  expect(await sql('select name from schema_migrations order by name desc limit 1')).toEqual([
    { name: newest },
  ])
  expect(await sql('select email from users')).toEqual([{ email: 'before@example.com' }])
  await expectBothToStop()
})

it('makes the demonstration of a first start once, and tells its keys once', async () => {
  const [one, other] = await startTogether({
    NODE_ENV: 'development',
    PUBLIC_BASE_URL: 'http://127.0.0.1:4080',
    DEMO_DATA: 'on',
    DATA_DIR: directory,
  })
  expect(await sql('select email from users')).toEqual([{ email: 'owner@example.com' }])
  expect(await sql('select count(*)::int as count from projects')).toEqual([{ count: 1 }])
  expect(await sql('select count(*)::int as count from signing_keys')).toEqual([{ count: 1 }])
  await eventually(() => /sk_live_/.test(one.output() + other.output()), 'the keys are told')
  const [, secretKey] = /(sk_live_\w+)/.exec(one.output() + other.output()) ?? []
  expect([one, other].filter((replica) => replica.output().includes('sk_live_'))).toHaveLength(1)
  for (const { port } of [one, other]) {
    const headers = { authorization: `Bearer ${secretKey}` }
    expect((await call(port, { path: '/v1/backend/application', headers })).status).toBe(200)
  }
  await expectBothToStop()
})

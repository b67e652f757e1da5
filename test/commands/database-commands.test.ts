import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import type { Environment } from '../../src/config.ts'
import { newId } from '../../src/lib/ids.ts'
import { silverAuth } from '../support/command-line.ts'
import type { TestDatabase } from '../support/database.ts'
import { rows } from '../support/embedded-postgres.ts'
import { createEmptyDatabase } from '../support/empty-database.ts'
import { testEnvironment } from '../support/settings.ts'
import { tamper } from '../support/tampering.ts'

let database: TestDatabase
let environment: Environment

// One database for the whole file, each test going on where the one before it ended, as an operator would.
beforeAll(async () => {
  database = await createEmptyDatabase(inject('postgres'))
  environment = {
    ...testEnvironment,
    NODE_ENV: 'production',
    PUBLIC_BASE_URL: 'https://accounts.silver.test',
    DATABASE_URL: database.appUrl,
    DATABASE_OWNER_URL: database.ownerUrl,
  }
})
afterAll(() => database?.drop())

const run = (line: string) => silverAuth(line.split(' '), environment)
const json = async (line: string) => {
  const { code, stdout, stderr } = await run(`${line} --json`)
  return { code, facts: JSON.parse(stdout), stderr }
}
const own = readdirSync(new URL('../../migrations/', import.meta.url))
  .filter((name) => /^\d{4}_.*\.sql$/.test(name))
  .map((name) => name.replace('.sql', ''))
  .sort()
const aTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

it('migrate status lists what is pending and says so by its exit code', { timeout: 30_000 }, async () => {
  expect(await run('migrate status')).toEqual({
    code: 1,
    stdout: own.map((name) => `${name}  pending\n`).join(''),
    stderr: '',
  })
  expect(await json('migrate status')).toEqual({
    code: 1,
    facts: { migrations: own.map((name) => ({ name, appliedAt: null })) },
    stderr: '',
  })
})

it('migrate up applies it, and then nothing', { timeout: 30_000 }, async () => {
  expect(await json('migrate up')).toEqual({ code: 0, facts: { applied: own }, stderr: '' })
  expect(await run('migrate up')).toEqual({ code: 0, stdout: 'Nothing to apply.\n', stderr: '' })
  expect(await json('migrate status')).toEqual({
    code: 0,
    facts: { migrations: own.map((name) => ({ name, appliedAt: aTime })) },
    stderr: '',
  })
})

it('keys rotate-signing makes a key and tells the audit log', { timeout: 30_000 }, async () => {
  const told = 'A new key signs access tokens within a minute; those before stay valid until they expire.\n'
  expect(await run('keys rotate-signing')).toEqual({ code: 0, stdout: told, stderr: '' })
  expect(await json('keys rotate-signing')).toEqual({ code: 0, facts: { rotated: true }, stderr: '' })
  expect(
    await rows(
      database.superuserUrl,
      `select retired_at is null as current from signing_keys order by created_at`,
    ),
  ).toEqual([{ current: false }, { current: true }])
  expect(await rows(database.superuserUrl, 'select action, actor_kind, request_id from audit_logs')).toEqual(
    Array(2).fill({
      action: 'platform.signing_key.rotated',
      actor_kind: 'system',
      request_id: 'system:command line',
    }),
  )
})

it('audit verify says of a whole log that it is whole', { timeout: 30_000 }, async () => {
  expect(await run('audit verify')).toEqual({
    code: 0,
    stdout: '2 rows in 1 streams: every chain is whole.\n',
    stderr: '',
  })
  expect(await json('audit verify')).toEqual({
    code: 0,
    facts: { streams: 1, rows: 2, erased: 0, flaws: [] },
    stderr: '',
  })
})

it.each([
  ['an edited row', `update audit_logs set target_id = 'x' where sequence = 2`],
  ['a deleted row', 'delete from audit_logs where sequence = 1'],
  [
    'two swapped rows',
    `update audit_logs set sequence = 3 where sequence = 1; update audit_logs set sequence = sequence - 1`,
  ],
  ['a cut tail', 'delete from audit_logs where sequence = 2'],
  ['edited details', `update audit_details set details = '{}'`],
  ['a removed head', 'delete from streams'],
])('audit verify finds %s', { timeout: 30_000 }, async (_what, statements) => {
  const saved = newId('tbr')
  const tables = ['audit_logs', 'audit_details', 'streams']
  const each = (statement: (table: string) => string) => tables.map(statement).join(';')
  await tamper(
    database.superuserUrl,
    each((table) => `create table ${saved}_${table} as table ${table}`),
  )
  await tamper(database.superuserUrl, statements)
  const [{ code, facts, stderr }, text] = await Promise.all([json('audit verify'), run('audit verify')])
  await tamper(
    database.superuserUrl,
    each(
      (table) =>
        `delete from ${table}; insert into ${table} table ${saved}_${table}; drop table ${saved}_${table}`,
    ),
  )

  expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
  expect(facts.flaws.length).toBeGreaterThan(0)
  expect(facts.flaws[0]).toEqual({
    streamId: 'platform',
    sequence: expect.any(Number),
    message: expect.any(String),
  })
  expect(text.code).toBe(1)
  expect(text.stdout.split('\n')[0]).toContain('NOT WHOLE')
  expect(text.stdout.split('\n')[1]).toBe(`  platform ${facts.flaws[0].sequence}: ${facts.flaws[0].message}`)
})

it('admin grant-platform makes somebody a platform admin once', { timeout: 30_000 }, async () => {
  const insert = `insert into users (id, email) values ('usr_1', 'ada@example.com')`
  await rows(database.superuserUrl, insert)
  expect(await run('admin grant-platform nobody@example.com')).toEqual({
    code: 1,
    stdout: 'Nobody has this e-mail address here.\n',
    stderr: '',
  })
  expect(await run('admin grant-platform ADA@example.com')).toEqual({
    code: 0,
    stdout:
      'This person is a platform admin from now on, in sessions with a second factor (TOTP or a passkey).\n' +
      'Warning: nobody has verified this e-mail address. Make sure that the account belongs to whom you mean.\n',
    stderr: '',
  })
  await rows(database.superuserUrl, 'update users set email_verified_at = now()')
  expect(await run('admin grant-platform ada@example.com')).toEqual({
    code: 0,
    stdout: 'This person was a platform admin already.\n',
    stderr: '',
  })
  expect(await json('admin grant-platform ada@example.com')).toEqual({
    code: 0,
    facts: { granted: true, userId: 'usr_1', emailVerified: true },
    stderr: '',
  })
  expect(await rows(database.superuserUrl, 'select user_id from platform_admins')).toEqual([
    { user_id: 'usr_1' },
  ])
  expect(
    await rows(
      database.superuserUrl,
      `select stream_id, actor_kind, target_id, request_id from audit_logs where action = 'platform.admin.granted'`,
    ),
  ).toEqual([
    { stream_id: 'platform', actor_kind: 'system', target_id: 'usr_1', request_id: 'system:command line' },
  ])
})

const mary = newId('usr')

it('admin grant gives somebody a role, as a member they are or become', { timeout: 90_000 }, async () => {
  const url = database.superuserUrl
  await rows(
    url,
    `insert into users (id, email) values ('usr_2', 'grace@example.com'), ('${mary}', 'mary@example.com')`,
  )
  await rows(url, `insert into organizations (id, slug, name) values ('org_9', 'acme', 'Acme')`)
  await rows(
    url,
    `insert into subscriptions (organization_id, plan_key, status) values ('org_9', 'free', 'cancelled')`,
  )
  const grant = (words: string) => run(`admin grant ${words}`)
  expect((await grant('grace@example.com nowhere owner')).stdout).toBe('There is no such organization.\n')
  expect((await grant('grace@example.com acme member')).stdout).toBe(
    'This person is member of acme from now on.\n',
  )
  expect((await grant('Grace@example.com org_9 owner')).code).toBe(0)
  expect((await grant('grace@example.com acme owner')).stdout).toBe('This person was owner already.\n')
  expect(await grant('grace@example.com acme viewer')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'silver-auth: An organization keeps an owner. Make somebody else an owner first.\n',
  })
  expect(await rows(url, `select user_id, role from memberships where organization_id = 'org_9'`)).toEqual([
    { user_id: 'usr_2', role: 'owner' },
  ])
  expect(
    await rows(url, `select action, actor_kind from audit_logs where stream_id = 'org_9' order by sequence`),
  ).toEqual(['member.added', 'member.role_changed'].map((action) => ({ action, actor_kind: 'system' })))
})

it('admin disable ends a person’s sessions, admin enable lets them in again', {
  timeout: 30_000,
}, async () => {
  const url = database.superuserUrl
  await rows(
    url,
    `insert into sessions (id, user_id, auth_method, address, expires_at)
     values ('ses_1', '${mary}', 'password', '', now() + interval '1 day')`,
  )
  const state = () =>
    rows(
      url,
      `select disabled_at is not null as disabled, revoked_at is not null as revoked
       from users join sessions on user_id = users.id where users.id = '${mary}'`,
    )
  expect((await run('admin disable mary@example.com')).code).toBe(0)
  expect(await state()).toEqual([{ disabled: true, revoked: true }])
  expect(await json('admin enable mary@example.com')).toEqual({
    code: 0,
    facts: { disabled: false, userId: mary },
    stderr: '',
  })
  expect(await state()).toEqual([{ disabled: false, revoked: true }])
})

it.each([
  ['migrate', 'say up or status'],
  ['migrate down', 'say up or status'],
  ['audit', 'say verify, anchor or prune'],
  ['audit forget', 'say verify, anchor or prune'],
  ['keys', 'say rotate-signing or rotate-sealing'],
  ['keys rotate', 'say rotate-signing or rotate-sealing'],
  ['admin', 'say grant, grant-platform, disable, enable, and to whom'],
  ['admin promote a@example.com', 'say grant, grant-platform, disable, enable, and to whom'],
  [
    'admin grant a@example.com acme king',
    'say grant and an e-mail address, an organization and a role (owner, admin, billing, member, viewer)',
  ],
  ['admin disable', 'say disable and an e-mail address'],
  ['admin grant-platform', 'say grant-platform and an e-mail address'],
  ['admin grant-platform a@example.com b', 'say grant-platform and an e-mail address'],
])('%s is answered with what to say', { timeout: 30_000 }, async (line, advice) => {
  expect(await run(line)).toEqual({ code: 2, stdout: '', stderr: `silver-auth: ${advice}\n` })
})

it('fails, with a line on why, when the database cannot be reached', { timeout: 30_000 }, async () => {
  const url = new URL(database.appUrl)
  url.port = '1'
  for (const words of [
    ['audit', 'verify'],
    ['migrate', 'up'],
    ['migrate', 'status'],
    ['keys', 'rotate-signing'],
  ]) {
    const { code, stdout, stderr } = await silverAuth(words, {
      ...environment,
      DATABASE_URL: url.href,
      DATABASE_OWNER_URL: url.href,
    })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^silver-auth: The database does not serve: [^\n]*ECONNREFUSED[^\n]*\n$/)
    expect(stderr).not.toContain(url.password)
  }
})

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { migrateUp } from '../../src/db/migrate.ts'
import { appRole } from '../../src/db/postgres-roles.ts'
import { type Asked, type CacheName, type Household, makeHousehold } from '../support/cached-answers.ts'
import { rows } from '../support/embedded-postgres.ts'
import { createEmptyDatabase } from '../support/empty-database.ts'
import { eventually } from '../support/spawned.ts'
import { findQueries, readAll, untilTrusted } from '../support/stale-answers.ts'
import { copyMigrationsBefore } from '../support/version-before.ts'
import { startWorld } from '../support/world.ts'

// The version before is known by its schema and by the statements it sends: a clone may have no history to run it from.

describe('the newest migration', () => {
  it('only adds: whatever the version before relies on is as it was', async () => {
    const database = await createEmptyDatabase(inject('postgres'))
    const directory = await mkdtemp(path.join(tmpdir(), 'silver-auth-before-'))
    await copyMigrationsBefore(directory)
    const options = { ownerUrl: database.ownerUrl, appRole }
    const columns = () =>
      rows(
        database.superuserUrl,
        `select table_name, column_name, data_type, is_nullable, column_default, is_generated
         from information_schema.columns where table_schema = 'public' and table_name !~ '^schema_' order by 1, 2`,
      )
    const constraints = () =>
      rows(
        database.superuserUrl,
        `select conrelid::regclass::text as table, conname, pg_get_constraintdef(oid) as definition
         from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n' order by 1, 2`,
      )
    const privileges = () =>
      rows(
        database.superuserUrl,
        `select table_name, privilege_type from information_schema.role_table_grants
         where grantee = 'silver_app' and table_schema = 'public' order by 1, 2`,
      )

    await migrateUp({ ...options, directory })
    const before = {
      columns: await columns(),
      constraints: await constraints(),
      privileges: await privileges(),
    }
    await migrateUp(options)
    const after = {
      columns: await columns(),
      constraints: await constraints(),
      privileges: await privileges(),
    }
    expect(after.columns).toEqual(expect.arrayContaining(before.columns))
    expect(after.privileges).toEqual(expect.arrayContaining(before.privileges))
    const isOfOldTable = ({ table }: Record<string, unknown>) =>
      before.columns.some(({ table_name }) => table_name === table)
    expect(after.constraints.filter(isOfOldTable)).toEqual(before.constraints.filter(isOfOldTable))
    const added = after.columns.filter(
      (column) =>
        isOfOldTable({ table: column.table_name }) &&
        !before.columns.some((old) => JSON.stringify(old) === JSON.stringify(column)),
    )
    const required = added.filter((column) => column.is_nullable === 'NO' && column.column_default === null)
    expect(required, 'the version before fills in none of these').toEqual([])
    await database.drop()
    await rm(directory, { recursive: true })
  })
})

describe('what the version before writes is heard of by this one', () => {
  const world = startWorld()
  let home: Household
  let asked: Map<string, Asked>
  let old: pg.Client

  beforeAll(async () => {
    home = await makeHousehold(world)
    asked = await findQueries(world, home)
    old = new pg.Client({ connectionString: world.database.appUrl })
    await old.connect()
  })
  afterAll(() => old.end())

  // As it writes them: `set_config` and tags are unknown to it.
  const statements: [string, string, (household: Household) => string, CacheName[]][] = [
    [
      'a key is revoked',
      'update secret_keys set expires_at = now() where project_id = $1 and (expires_at is null or expires_at > now())',
      ({ project }) => project.id,
      ['secret_keys'],
    ],
    [
      'a project is disabled',
      `update projects set status = 'disabled', updated_at = now() where id = $1`,
      ({ project }) => project.id,
      ['secret_keys', 'client_configs', 'registered_origins', 'project_sessions'],
    ],
    [
      'a project is deleted',
      'delete from projects where id = $1',
      ({ project }) => project.id,
      ['secret_keys', 'client_configs', 'registered_origins', 'project_sessions'],
    ],
    [
      'an organization is renamed',
      `update organizations set name = 'Renamed', updated_at = now() where id = $1`,
      ({ organization }) => organization.id,
      ['secret_keys', 'client_configs', 'me'],
    ],
    [
      'an organization is deleted',
      'update organizations set deleted_at = now() where id = $1',
      ({ organization }) => organization.id,
      ['secret_keys', 'client_configs', 'registered_origins', 'me', 'project_sessions'],
    ],
    [
      'sessions are revoked',
      'update sessions set revoked_at = now() where user_id = $1 and revoked_at is null and expires_at > now()',
      ({ owner }) => owner.id,
      ['sessions', 'access_tokens', 'me'],
    ],
    [
      'tokens die at a step-up',
      'delete from session_tokens where session_id in (select id from sessions where user_id = $1)',
      ({ owner }) => owner.id,
      ['sessions', 'me'],
    ],
    [
      'a grant is taken back',
      'delete from app_grants where user_id = $1',
      ({ visitor }) => visitor.id,
      ['project_sessions', 'project_access_tokens'],
    ],
    [
      'project sessions are revoked',
      'update project_sessions set revoked_at = now() where user_id = $1 and revoked_at is null',
      ({ visitor }) => visitor.id,
      ['project_sessions', 'project_access_tokens'],
    ],
  ]

  it.each(statements)('when %s', async (_what, statement, value, altered) => {
    const household = await makeHousehold(world)
    const before = await readAll(world, household)
    await untilTrusted(world, home, asked)
    const { rowCount } = await old.query(statement, [value(household)])
    expect(rowCount).toBeGreaterThan(0)
    let now: Record<CacheName, string> = before
    let isReading = false
    const reading = async () => {
      isReading = true
      now = await readAll(world, household)
      isReading = false
    }
    await eventually(() => {
      if (!isReading) void reading()
      return altered.every((name) => now[name] !== before[name])
    }, `other answers of ${altered}`)
  })
})

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseError } from 'pg'
import { admitAppOnly, ownerRole, withClient } from '../../src/db/postgres-roles.ts'

export type TestPostgres = { ownerUrl: string; appUrl: string; superuserUrl: string }
export type TestDatabase = TestPostgres & { drop(): Promise<void> }

const template = 'silver_template'
const copyAttempts = 4
const retryDelayMs = 250
const objectInUse = '55006'

/** Makes the database that tests copy, fills it with `migrate`, and closes it, because a connected template cannot be copied. */
export async function makeTemplateDatabase(
  { ownerUrl, superuserUrl }: TestPostgres,
  migrate: (templateUrl: string) => Promise<unknown>,
): Promise<void> {
  await withClient(superuserUrl, async (client) => {
    await client.query(`create database ${template} owner ${ownerRole}`)
    await admitAppOnly(client, template)
    await migrate(withDatabase(ownerUrl, template))
    await client.query(`alter database ${template} allow_connections false`)
  })
}

/** A migrated database for one test file, in about 0.1 s. Close your pools before `drop`, which ends what is still connected. */
export async function createTestDatabase(postgres: TestPostgres): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await withClient(postgres.superuserUrl, async (client) => {
    await patiently(() => client.query(`create database ${name} template ${template} owner ${ownerRole}`))
    // A copy has the tables' grants, but not the database's own.
    await admitAppOnly(client, name)
  })
  return {
    ownerUrl: withDatabase(postgres.ownerUrl, name),
    appUrl: withDatabase(postgres.appUrl, name),
    superuserUrl: withDatabase(postgres.superuserUrl, name),
    drop: () =>
      withClient(postgres.superuserUrl, async (client) => {
        await client.query(`drop database if exists ${name} with (force)`)
      }),
  }
}

/** Repeats what fails because the template is in use: PostgreSQL waits 5 s by itself, this a few times as long. */
async function patiently<T>(copy: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await copy()
    } catch (error) {
      const inUse = error instanceof DatabaseError && error.code === objectInUse
      if (!inUse || attempt === copyAttempts) throw error
      await sleep(retryDelayMs)
    }
  }
}

const withDatabase = (url: string, name: string) => new URL(`/${name}`, url).href

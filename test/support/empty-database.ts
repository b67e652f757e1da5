import { randomBytes } from 'node:crypto'
import { admitAppOnly, ownerRole, withClient } from '../../src/db/postgres-roles.ts'
import type { TestDatabase, TestPostgres } from './database.ts'

/** A database without a single table, for tests that migrate it themselves. */
export async function createEmptyDatabase(postgres: TestPostgres): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  const there = (url: string) => new URL(`/${name}`, url).href
  await withClient(postgres.superuserUrl, async (client) => {
    await client.query(`create database ${name} owner ${ownerRole}`)
    await admitAppOnly(client, name)
  })
  return {
    ownerUrl: there(postgres.ownerUrl),
    appUrl: there(postgres.appUrl),
    superuserUrl: there(postgres.superuserUrl),
    drop: () =>
      withClient(postgres.superuserUrl, async (client) => {
        await client.query(`drop database if exists ${name} with (force)`)
      }),
  }
}

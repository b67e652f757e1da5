import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import pg from 'pg'
import { packageRoot } from '../lib/package-root.ts'
import { refuseUnavailable } from './database.ts'
import { endWhenSilent } from './silent-server.ts'

export type MigrationStatus = { name: string; appliedAt: string | null }

/** `directory` holds the numbered files and grants.sql; the service's own unless a test brings others. */
type Options = { ownerUrl: string; appRole: string; directory?: string }

const ownDirectory = path.join(packageRoot, 'migrations')

/** Applies what is missing as the owner, all of it in one transaction under an advisory lock; returns the names applied. */
export async function migrateUp(options: Options): Promise<string[]> {
  return withMigrator(options, async (migrator) => {
    const { error, results = [] } = await migrator.migrateToLatest()
    if (error) throw error
    return results.map((result) => result.migrationName)
  })
}

/** Every migration that this version or the database knows, oldest first, with the time it was applied. */
export async function migrationStatus(options: Options): Promise<MigrationStatus[]> {
  return withMigrator(options, async (migrator) => {
    const migrations = await migrator.getMigrations()
    return migrations.map(({ name, executedAt }) => ({ name, appliedAt: executedAt?.toISOString() ?? null }))
  })
}

const table = 'schema_migrations'

async function withMigrator<T>(
  { ownerUrl, appRole, directory = ownDirectory }: Options,
  work: (migrator: Migrator) => Promise<T>,
): Promise<T> {
  const pool = new pg.Pool({
    connectionString: ownerUrl,
    max: 2,
    connectionTimeoutMillis: 3_000,
    keepAlive: true,
    application_name: 'silver-auth migrate',
  })
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  // A migration may take any time, so its statements have no timeout of their own.
  const stopWatching = endWhenSilent(pool, ownerUrl)
  const db = new Kysely<{ [table]: { name: string } }>({ dialect: new PostgresDialect({ pool }) })
  try {
    const client = await pool.connect().catch(refuseUnavailable)
    client.release()
    return await work(
      new Migrator({
        db,
        provider: {
          getMigrations: async () => ({
            ...(await appliedByOthers(db)),
            ...(await sqlFiles(directory, appRole)),
          }),
        },
        migrationTableName: table,
        migrationLockTableName: `${table}_lock`,
      }),
    )
  } finally {
    stopWatching()
    await db.destroy()
  }
}

/** What the database has already. A newer version may have migrated while this one still starts replicas: that is no error. */
async function appliedByOthers(
  db: Kysely<{ [table]: { name: string } }>,
): Promise<Record<string, Migration>> {
  const { rows } = await sql<{ exists: boolean }>`select to_regclass(${table}) is not null as exists`.execute(
    db,
  )
  const applied = rows[0]?.exists ? await db.selectFrom(table).select('name').execute() : []
  return Object.fromEntries(applied.map(({ name }) => [name, { up: async () => undefined }]))
}

/** The numbered files; the newest one also applies grants.sql, so that schema and privileges commit together. */
async function sqlFiles(directory: string, appRole: string): Promise<Record<string, Migration>> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}_.*\.sql$/.test(name)).sort()
  const grants = await readFile(path.join(directory, 'grants.sql'), 'utf8')
  const migrations: Record<string, Migration> = {}
  for (const name of names) {
    const text = await readFile(path.join(directory, name), 'utf8')
    migrations[name.replace('.sql', '')] = {
      async up(db) {
        await sql.raw(text).execute(db)
        if (name !== names.at(-1)) return
        await sql`select set_config('silver_auth.runtime_role', ${appRole}, true)`.execute(db)
        await sql.raw(grants).execute(db)
      },
    }
  }
  return migrations
}

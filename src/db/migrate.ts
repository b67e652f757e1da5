import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration'
import pg from 'pg'
import { packageRoot } from '../lib/package-root.ts'

export type MigrationStatus = { name: string; appliedAt: string | null }

const directory = path.join(packageRoot, 'migrations')

/** Applies what is missing as the owner, all of it in one transaction under an advisory lock; returns the names applied. */
export async function migrateUp(options: { ownerUrl: string; appRole: string }): Promise<string[]> {
  return withMigrator(options, async (migrator) => {
    const { error, results = [] } = await migrator.migrateToLatest()
    if (error) throw error
    return results.map((result) => result.migrationName)
  })
}

/** Every migration this version knows, oldest first, with the time it was applied. */
export async function migrationStatus(options: {
  ownerUrl: string
  appRole: string
}): Promise<MigrationStatus[]> {
  return withMigrator(options, async (migrator) => {
    const migrations = await migrator.getMigrations()
    return migrations.map(({ name, executedAt }) => ({ name, appliedAt: executedAt?.toISOString() ?? null }))
  })
}

async function withMigrator<T>(
  { ownerUrl, appRole }: { ownerUrl: string; appRole: string },
  work: (migrator: Migrator) => Promise<T>,
): Promise<T> {
  const pool = new pg.Pool({ connectionString: ownerUrl, max: 2, connectionTimeoutMillis: 3_000 })
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  try {
    return await work(
      new Migrator({
        db,
        provider: sqlFiles(appRole),
        migrationTableName: 'schema_migrations',
        migrationLockTableName: 'schema_migrations_lock',
        // A replica of the version before may start while a newer one has already migrated.
        allowUnorderedMigrations: false,
      }),
    )
  } finally {
    await db.destroy()
  }
}

/** The numbered files; the newest one also applies grants.sql, so that schema and privileges commit together. */
function sqlFiles(appRole: string): MigrationProvider {
  return {
    async getMigrations() {
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
    },
  }
}

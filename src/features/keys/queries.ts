import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import { prepare } from '../../db/prepared.ts'

type NewKey = {
  id: string
  organization_id: string
  project_id: string
  prefix: string
  hash: Buffer
  created_by: string | null
}

export async function insertSecretKey(tx: Tx, key: NewKey) {
  return tx.insertInto('secret_keys').values(key).returningAll().executeTakeFirstOrThrow()
}

const isValid = sql<boolean>`(secret_keys.expires_at is null or secret_keys.expires_at > now())`

/** The keys of these projects that still work, newest first. */
export async function listValidKeys(db: Db, projectIds: string[]) {
  if (projectIds.length === 0) return []
  return db
    .selectFrom('secret_keys')
    .selectAll()
    .where('project_id', 'in', projectIds)
    .where(isValid)
    .orderBy('id', 'desc')
    .execute()
}

/** Lets every valid key of the project end in `seconds`, but never later than it would have. */
export async function retireKeys(tx: Tx, projectId: string, seconds: number) {
  return tx
    .updateTable('secret_keys')
    .set({ expires_at: sql`least(expires_at, now() + make_interval(secs => ${seconds}))` })
    .where('project_id', '=', projectId)
    .where(isValid)
    .returning(['prefix', 'expires_at'])
    .execute()
}

export async function revokeKey(tx: Tx, projectId: string, keyId: string) {
  return tx
    .updateTable('secret_keys')
    .set({ expires_at: sql`now()` })
    .where('project_id', '=', projectId)
    .where('id', '=', keyId)
    .where(isValid)
    .returning(['id', 'prefix'])
    .executeTakeFirst()
}

/** The valid keys with these hashes, each with its project and organization. */
export const findKeysByHash = prepare<{ hashes: Buffer[] }>()('find_keys_by_hash', (db, parameter) =>
  db
    // The inner select hides how many there are, so that Postgres plans once and not for each number anew.
    .selectFrom(
      sql<{ hash: Buffer }>`unnest((select ${parameter('hashes')}::bytea[]))`.as<'asked'>(sql`asked(hash)`),
    )
    .innerJoin('secret_keys', 'secret_keys.hash', 'asked.hash')
    .innerJoin('projects', 'projects.id', 'secret_keys.project_id')
    .innerJoin('organizations', 'organizations.id', 'projects.organization_id')
    .select([
      'secret_keys.hash',
      'secret_keys.id',
      'secret_keys.prefix',
      'projects.id as project_id',
      'projects.slug as project_slug',
    ])
    .select(['projects.name as project_name', 'projects.status', 'projects.organization_id'])
    .select(['organizations.slug as organization_slug', 'organizations.name as organization_name'])
    .select(
      sql<boolean>`coalesce(secret_keys.last_used_at < now() - interval '1 minute', true)`.as('is_unseen'),
    )
    .select(sql<number | null>`extract(epoch from secret_keys.expires_at - now())::float8`.as('seconds_left'))
    .where(isValid)
    .where('organizations.deleted_at', 'is', null),
)

/** Marks these keys as used now; one that is being changed at this moment is left out rather than waited for. */
export async function markUsed(db: Db, ids: string[]): Promise<void> {
  await sql`update secret_keys set last_used_at = now() where id in (
    select id from secret_keys where id = any(${ids}::text[]) for no key update skip locked)`.execute(db)
}

/** Deletes keys that ended more than a month ago, a bounded number at a time. */
export async function deleteEndedKeys(db: Db, most: number): Promise<void> {
  await sql`delete from secret_keys where id in (
    select id from secret_keys where expires_at < now() - interval '30 days' limit ${most})`.execute(db)
}

import type { Db, Tx } from '../../db/database.ts'

/** False when the person was a platform admin already. */
export async function insertPlatformAdmin(tx: Tx, userId: string): Promise<boolean> {
  const inserted = await tx
    .insertInto('platform_admins')
    .values({ user_id: userId })
    .onConflict((conflict) => conflict.column('user_id').doNothing())
    .returning('user_id')
    .executeTakeFirst()
  return inserted !== undefined
}

export async function deletePlatformAdmin(tx: Tx, userId: string): Promise<void> {
  await tx.deleteFrom('platform_admins').where('user_id', '=', userId).execute()
}

type Keyset = { most: number; before: string | undefined }

/** Secret keys with this prefix, those that ended included, newest first, with project and organization. */
export async function listKeysWithPrefix(db: Db, prefix: string, { most, before }: Keyset) {
  return db
    .selectFrom('secret_keys as key')
    .innerJoin('projects as project', 'project.id', 'key.project_id')
    .innerJoin('organizations as organization', 'organization.id', 'key.organization_id')
    .select(['key.id', 'key.prefix', 'key.created_at', 'key.expires_at', 'key.last_used_at'])
    .select(['project.id as project_id', 'project.slug as project_slug', 'project.name as project_name'])
    .select(['project.status as project_status', 'organization.id as organization_id'])
    .select(['organization.slug as organization_slug', 'organization.name as organization_name'])
    .where('key.prefix', '=', prefix)
    .$if(before !== undefined, (query) => query.where('key.id', '<', before ?? ''))
    .orderBy('key.id', 'desc')
    .limit(most)
    .execute()
}

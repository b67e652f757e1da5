import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'

type NewCode = {
  hash: Buffer
  organization_id: string
  project_id: string
  session_id: string
  redirect_url: string
  code_challenge: string
  address: string
  user_agent: string | null
}

export async function insertCode(db: Db, code: NewCode): Promise<void> {
  await db.insertInto('authorization_codes').values(code).execute()
}

/** Takes a code away, if it is this project's and its minute is not over: of many who show it one gets it. */
export async function spendCode(tx: Tx, projectId: string, hash: Buffer) {
  return tx
    .deleteFrom('authorization_codes')
    .where('hash', '=', hash)
    .where('project_id', '=', projectId)
    .where('expires_at', '>', sql<Date>`clock_timestamp()`)
    .returningAll()
    .executeTakeFirst()
}

/** Whether the person may be signed in to the project without being asked: a member of its organization, or by a grant. */
export async function isAllowed(
  db: Db,
  who: { userId: string; organizationId: string; projectId: string },
): Promise<boolean> {
  const member = await db
    .selectFrom('memberships')
    .select('user_id')
    .where('organization_id', '=', who.organizationId)
    .where('user_id', '=', who.userId)
    .executeTakeFirst()
  if (member) return true
  const grant = await db
    .selectFrom('app_grants')
    .select('user_id')
    .where('user_id', '=', who.userId)
    .where('project_id', '=', who.projectId)
    .executeTakeFirst()
  return grant !== undefined
}

/** False when the person had given it before. */
export async function insertGrant(
  tx: Tx,
  grant: { user_id: string; organization_id: string; project_id: string },
): Promise<boolean> {
  const row = await tx
    .insertInto('app_grants')
    .values(grant)
    .onConflict((conflict) => conflict.columns(['user_id', 'project_id']).doNothing())
    .returning('project_id')
    .executeTakeFirst()
  return row !== undefined
}

export async function deleteGrant(tx: Tx, userId: string, projectId: string) {
  return tx
    .deleteFrom('app_grants')
    .where('user_id', '=', userId)
    .where('project_id', '=', projectId)
    .returning('organization_id')
    .executeTakeFirst()
}

/** The person's grants, newest project first, after the project with id `before`. */
export async function listGrantsOf(
  db: Db,
  userId: string,
  { most, before }: { most: number; before: string | undefined },
) {
  return db
    .selectFrom('app_grants')
    .innerJoin('projects', 'projects.id', 'app_grants.project_id')
    .innerJoin('organizations', 'organizations.id', 'app_grants.organization_id')
    .select(['projects.id', 'projects.slug', 'projects.name', 'app_grants.created_at'])
    .select(['organizations.slug as organization_slug', 'organizations.name as organization_name'])
    .where('app_grants.user_id', '=', userId)
    .where('organizations.deleted_at', 'is', null)
    .$if(before !== undefined, (query) => query.where('projects.id', '<', before ?? ''))
    .orderBy('projects.id', 'desc')
    .limit(most)
    .execute()
}

/** Deletes codes whose minute is over, a bounded number at a time. */
export async function deleteExpiredCodes(db: Db, most: number): Promise<void> {
  await sql`delete from authorization_codes where hash in (
    select hash from authorization_codes where expires_at < now() limit ${most})`.execute(db)
}

import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { RoleName } from '../../db/schema.ts'

type NewMembership = { id: string; organization_id: string; user_id: string; role: RoleName }

export async function insertMembership(tx: Tx, membership: NewMembership): Promise<void> {
  await tx.insertInto('memberships').values(membership).execute()
}

// What the organization saw of the person; where else they are active it does not learn.
const lastActiveAt = sql<Date | null>`greatest(memberships.last_active_at, (
  select max(sight.last_seen_at) from sessions
  join session_organizations sight on sight.session_id = sessions.id
  where sessions.user_id = memberships.user_id and sight.organization_id = memberships.organization_id))`

const members = (db: Db, organizationId: string) =>
  db
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .select(['memberships.id', 'memberships.user_id', 'memberships.role'])
    .select(['memberships.created_at as joined_at', 'users.email', 'users.display_name'])
    .select(lastActiveAt.as('last_active_at'))
    .where('memberships.organization_id', '=', organizationId)

/** The members of an organization, newest first, after the membership with id `before`. */
export async function listMembersOf(
  db: Db,
  organizationId: string,
  { most, before }: { most: number; before: string | undefined },
) {
  return members(db, organizationId)
    .$if(before !== undefined, (query) => query.where('memberships.id', '<', before ?? ''))
    .orderBy('memberships.id', 'desc')
    .limit(most)
    .execute()
}

export async function findMemberOf(db: Db, organizationId: string, userId: string) {
  return members(db, organizationId).where('memberships.user_id', '=', userId).executeTakeFirst()
}

/** Locks memberships of these people in the order of their ids. */
export async function lockMemberships(tx: Tx, organizationId: string, userIds: string[]) {
  return tx
    .selectFrom('memberships')
    .select(['user_id', 'role'])
    .where('organization_id', '=', organizationId)
    .where('user_id', 'in', userIds)
    .orderBy('user_id')
    .forUpdate()
    .execute()
}

/** Whether there is an owner beside this person who can sign in. */
export async function hasOtherOwner(tx: Tx, organizationId: string, userId: string): Promise<boolean> {
  const other = await tx
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .select('memberships.user_id')
    .where('memberships.organization_id', '=', organizationId)
    .where('memberships.role', '=', 'owner')
    .where('memberships.user_id', '!=', userId)
    .where('users.disabled_at', 'is', null)
    .executeTakeFirst()
  return other !== undefined
}

export async function updateRole(
  tx: Tx,
  organizationId: string,
  userId: string,
  role: RoleName,
): Promise<void> {
  await tx
    .updateTable('memberships')
    .set({ role })
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', userId)
    .execute()
}

export async function deleteMembership(tx: Tx, organizationId: string, userId: string): Promise<void> {
  await tx
    .deleteFrom('memberships')
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', userId)
    .execute()
}

import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import { prepare } from '../../db/prepared.ts'

export type Sight = {
  session_id: string
  organization_id: string
  address: string
  user_agent: string | null
}

/** What an organization saw of a session; no row before the first sight. */
export const findSight = prepare<{ sessionId: string; organizationId: string }>()(
  'find_session_sight',
  (db, parameter) =>
    db
      .selectFrom('session_organizations')
      .select('revoked_at')
      .select(sql<boolean>`last_seen_at < now() - interval '1 minute'`.as('is_unseen'))
      .where('session_id', '=', parameter('sessionId'))
      .where('organization_id', '=', parameter('organizationId')),
)

/** Writes a sight down, and holds its row until the end of a transaction; tells since when the organization refuses the session. */
export async function upsertSight(db: Db, sight: Sight) {
  return db
    .insertInto('session_organizations')
    .values(sight)
    .onConflict((conflict) =>
      conflict.columns(['session_id', 'organization_id']).doUpdateSet({ last_seen_at: sql`now()` }),
    )
    .returning('revoked_at')
    .executeTakeFirstOrThrow()
}

/** What these organizations saw of a session; none of those that did not see it yet. */
export async function findSights(db: Db, sessionId: string, organizationIds: string[]) {
  return db
    .selectFrom('session_organizations')
    .select(['organization_id', 'revoked_at'])
    .select(sql<boolean>`last_seen_at < now() - interval '1 minute'`.as('is_unseen'))
    .where('session_id', '=', sessionId)
    .where('organization_id', '=', sql<string>`any (${organizationIds})`)
    .execute()
}

/** Writes first sights down, in the order of the organizations; tells since when each refuses the session. */
export async function upsertSights(db: Db, sights: Sight[]) {
  return db
    .insertInto('session_organizations')
    .values(sights.toSorted((a, b) => (a.organization_id < b.organization_id ? -1 : 1)))
    .onConflict((conflict) =>
      conflict.columns(['session_id', 'organization_id']).doUpdateSet({ last_seen_at: sql`now()` }),
    )
    .returning(['organization_id', 'revoked_at'])
    .execute()
}

type Seen = { session_id: string; organization_id: string; address: string | null; user_agent: string | null }

/** Marks sights as seen now, from where that is told; one that is being changed at this moment is left out rather than waited for. */
export async function markSightsSeen(db: Db, seen: Seen[]): Promise<void> {
  await sql`with seen as (
      select * from json_to_recordset(${JSON.stringify(seen)}::json)
        as seen (session_id text, organization_id text, address text, user_agent text)),
    free as (
      select session_id, organization_id from session_organizations
      where (session_id, organization_id) in (select session_id, organization_id from seen)
      for no key update skip locked)
    update session_organizations sight set last_seen_at = now(),
      address = coalesce(seen.address, sight.address),
      user_agent = case when seen.address is null then sight.user_agent else seen.user_agent end
    from seen join free using (session_id, organization_id)
    where sight.session_id = seen.session_id and sight.organization_id = seen.organization_id`.execute(db)
}

/** Sessions that were not ended here or there, of people who are members or signed in to one of the projects. */
const liveSights = (db: Db, organizationId: string, idleDays: number) =>
  db
    .selectFrom('session_organizations')
    .innerJoin('sessions', 'sessions.id', 'session_organizations.session_id')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .where('session_organizations.organization_id', '=', organizationId)
    .where('session_organizations.revoked_at', 'is', null)
    .where('sessions.revoked_at', 'is', null)
    .where('sessions.expires_at', '>', sql<Date>`now()`)
    .where('users.disabled_at', 'is', null)
    .where(
      sql<boolean>`greatest(sessions.last_seen_at, session_organizations.last_seen_at)
        > now() - make_interval(days => ${idleDays}::int)`,
    )
    .where(
      sql<boolean>`(exists (
          select from memberships
          where memberships.organization_id = ${organizationId} and memberships.user_id = sessions.user_id)
        or exists (
          select from project_sessions
          where project_sessions.session_id = sessions.id
            and project_sessions.organization_id = ${organizationId} and project_sessions.revoked_at is null))`,
    )

/** The live sessions that an organization saw and does not refuse, newest first, after the one with id `before`. */
export async function listSights(
  db: Db,
  organizationId: string,
  page: { idleDays: number; most: number; before: string | undefined },
) {
  return liveSights(db, organizationId, page.idleDays)
    .select(['sessions.id', 'sessions.user_id', 'users.email', 'users.display_name'])
    .select(['session_organizations.address', 'session_organizations.user_agent'])
    .select(['session_organizations.first_seen_at', 'session_organizations.last_seen_at'])
    .$if(page.before !== undefined, (query) => query.where('sessions.id', '<', page.before ?? ''))
    .orderBy('sessions.id', 'desc')
    .limit(page.most)
    .execute()
}

/** The projects of an organization in which these sessions live, with the session of each. */
export async function listProjectsSeen(db: Db, organizationId: string, sessionIds: string[]) {
  if (sessionIds.length === 0) return []
  return db
    .selectFrom('project_sessions')
    .innerJoin('projects', 'projects.id', 'project_sessions.project_id')
    .select(['project_sessions.session_id', 'projects.id', 'projects.slug', 'projects.name'])
    .distinct()
    .where('project_sessions.organization_id', '=', organizationId)
    .where('project_sessions.session_id', 'in', sessionIds)
    .where('project_sessions.revoked_at', 'is', null)
    .orderBy('projects.id')
    .execute()
}

/** Locks a session that the organization sees; tells whose it is. */
export async function lockSight(tx: Tx, organizationId: string, sessionId: string, idleDays: number) {
  return liveSights(tx, organizationId, idleDays)
    .select('sessions.user_id')
    .where('sessions.id', '=', sessionId)
    .forUpdate(['sessions', 'session_organizations'])
    .executeTakeFirst()
}

export async function refuseSight(tx: Tx, organizationId: string, sessionId: string): Promise<void> {
  await tx
    .updateTable('session_organizations')
    .set({ revoked_at: sql`now()` })
    .where('organization_id', '=', organizationId)
    .where('session_id', '=', sessionId)
    .execute()
}

/** The organizations that a person is a member of. */
export async function listMembershipsOf(tx: Tx, userId: string): Promise<string[]> {
  const rows = await tx
    .selectFrom('memberships')
    .innerJoin('organizations', 'organizations.id', 'memberships.organization_id')
    .select('memberships.organization_id')
    .where('memberships.user_id', '=', userId)
    .where('organizations.deleted_at', 'is', null)
    .execute()
  return rows.map(({ organization_id }) => organization_id)
}

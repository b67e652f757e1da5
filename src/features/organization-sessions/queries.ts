import { type RawBuilder, sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import { prepare } from '../../db/prepared.ts'
import { thisMonth } from '../../db/this-month.ts'

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

/**
 * Marks sights as seen now, from where that is told; one that is being changed at this moment is left out rather than waited for.
 * Returns how many sessions each organization sees for the first time in this month (UTC).
 */
export async function markSightsSeen(tx: Tx, seen: Seen[]) {
  const { rows } = await sql<{ organization_id: string; sessions: number }>`with seen as (
      select * from json_to_recordset(${JSON.stringify(seen)}::json)
        as seen (session_id text, organization_id text, address text, user_agent text)),
    free as (
      select session_id, organization_id, counted_month from session_organizations
      where (session_id, organization_id) in (select session_id, organization_id from seen)
      for no key update skip locked),
    marked as (
      update session_organizations sight set last_seen_at = now(), counted_month = ${thisMonth},
        address = coalesce(seen.address, sight.address),
        user_agent = case when seen.address is null then sight.user_agent else seen.user_agent end
      from seen join free using (session_id, organization_id)
      where sight.session_id = seen.session_id and sight.organization_id = seen.organization_id
      returning sight.organization_id, sight.revoked_at is null
        and free.counted_month is distinct from ${thisMonth} as is_first)
    select organization_id, count(*)::integer as sessions from marked where is_first group by organization_id`.execute(
    tx,
  )
  return rows
}

/** Which of the sessions that an organization saw; what is left out says nothing. */
export type SightFilters = {
  sessionIds?: string[] | undefined
  except?: string | undefined
  user?: string | undefined
  project?: string | undefined
  address?: string | undefined
  device?: string | undefined
  from?: Date | undefined
  to?: Date | undefined
  activeSince?: Date | undefined
  inactiveSince?: Date | undefined
}

/** Sessions that were not ended here or there, of people who are members or signed in to one of the projects. */
const liveSights = (db: Db, organizationId: string, idleDays: number, filters: SightFilters) =>
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
    .where((where) => where.and(conditionsOf(organizationId, filters)))

function conditionsOf(organizationId: string, filters: SightFilters): RawBuilder<boolean>[] {
  const { sessionIds, except, user, project, address, device } = filters
  const { from, to, activeSince, inactiveSince } = filters
  return [
    sessionIds && sql<boolean>`sessions.id = any(${sessionIds}::text[])`,
    except && sql<boolean>`sessions.id <> ${except}`,
    user && sql<boolean>`sessions.user_id = ${user}`,
    project &&
      sql<boolean>`sessions.id in (select session_id from project_sessions
        where revoked_at is null and project_id = (
          select id from projects where organization_id = ${organizationId} and (id = ${project} or slug = ${project})))`,
    address && sql<boolean>`session_organizations.address = ${address}`,
    device && sql<boolean>`strpos(lower(session_organizations.user_agent), lower(${device})) > 0`,
    from && sql<boolean>`session_organizations.first_seen_at >= ${from}`,
    to && sql<boolean>`session_organizations.first_seen_at < ${to}`,
    activeSince && sql<boolean>`session_organizations.last_seen_at >= ${activeSince}`,
    inactiveSince && sql<boolean>`session_organizations.last_seen_at < ${inactiveSince}`,
  ].filter((condition) => typeof condition === 'object')
}

/** The live sessions that an organization saw and does not refuse, newest first, after the one with id `before`. */
export async function listSights(
  db: Db,
  organizationId: string,
  filters: SightFilters,
  page: { idleDays: number; most: number; before: string | undefined },
) {
  return liveSights(db, organizationId, page.idleDays, filters)
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

/** Locks sessions that the organization sees, the newest of those that match; tells whose they are. */
export async function lockSights(
  tx: Tx,
  organizationId: string,
  idleDays: number,
  filters: SightFilters,
  most: number,
) {
  return liveSights(tx, organizationId, idleDays, filters)
    .select(['sessions.id', 'sessions.user_id'])
    .orderBy('sessions.id', 'desc')
    .limit(most)
    .forUpdate(['sessions', 'session_organizations'])
    .execute()
}

/** How many sessions that the organization sees match, counted up to `most`. */
export async function countSights(
  db: Db,
  organizationId: string,
  idleDays: number,
  filters: SightFilters,
  most: number,
): Promise<number> {
  const some = liveSights(db, organizationId, idleDays, filters).select('sessions.id').limit(most)
  const { count } = await db
    .selectFrom(some.as('some'))
    .select(sql<number>`count(*)::integer`.as('count'))
    .executeTakeFirstOrThrow()
  return count
}

export async function refuseSights(tx: Tx, organizationId: string, sessionIds: string[]): Promise<void> {
  await sql`update session_organizations set revoked_at = now()
    where organization_id = ${organizationId} and session_id = any(${sessionIds}::text[])`.execute(tx)
}

/** The organizations that these people are members of, as pairs. */
export async function listHomesOf(tx: Tx, userIds: string[]) {
  if (userIds.length === 0) return []
  return tx
    .selectFrom('memberships')
    .innerJoin('organizations', 'organizations.id', 'memberships.organization_id')
    .select(['memberships.user_id', 'memberships.organization_id'])
    .where('memberships.user_id', 'in', userIds)
    .where('organizations.deleted_at', 'is', null)
    .execute()
}

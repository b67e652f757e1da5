import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import { prepare } from '../../db/prepared.ts'
import { rotatingTokens } from '../../db/rotating-tokens.ts'

const tokens = rotatingTokens('project_session_tokens', 'project_session_id', 'project_sessions')
export const { insertToken, rotateToken, markTokenUsed, deleteSupersededTokens } = tokens

// Not one more join: Postgres finds the best order itself only up to eight relations, the token's included.
const isMemberOrGranted = sql<boolean>`(memberships.role is not null or exists (
  select from app_grants where app_grants.user_id = project_sessions.user_id
    and app_grants.project_id = project_sessions.project_id))`

/**
 * Project sessions that live, with what their project may know. Each needs a sign-in session that was not ended, an active
 * project, and a person who is a member of its organization or has a grant: what ends one of these ends it at once.
 */
const liveProjectSessions = (db: Db, idleDays: number) =>
  db
    .selectFrom('project_sessions')
    .innerJoin('sessions', 'sessions.id', 'project_sessions.session_id')
    .innerJoin('users', 'users.id', 'project_sessions.user_id')
    .innerJoin('projects', 'projects.id', 'project_sessions.project_id')
    .innerJoin('organizations', 'organizations.id', 'project_sessions.organization_id')
    .innerJoin('subscriptions', 'subscriptions.organization_id', 'project_sessions.organization_id')
    .leftJoin('memberships', (join) =>
      join
        .onRef('memberships.user_id', '=', 'project_sessions.user_id')
        .onRef('memberships.organization_id', '=', 'project_sessions.organization_id'),
    )
    .select(['project_sessions.id', 'project_sessions.session_id', 'project_sessions.user_id'])
    .select(['project_sessions.project_id', 'project_sessions.organization_id'])
    .select(['project_sessions.created_at as session_created_at', 'project_sessions.last_seen_at'])
    .select(['sessions.expires_at', 'sessions.auth_method', 'sessions.aal', 'sessions.mfa_verified_at'])
    .select(['users.email', 'users.email_verified_at', 'users.display_name', 'users.created_at'])
    .select(['organizations.slug as organization_slug', 'organizations.name as organization_name'])
    .select(['subscriptions.plan_key', 'subscriptions.status', 'memberships.role'])
    .select(sql<boolean>`project_sessions.last_seen_at < now() - interval '1 minute'`.as('is_unseen'))
    .select(
      sql<number>`extract(epoch from least(
        sessions.expires_at, project_sessions.last_seen_at + make_interval(days => ${idleDays}::int)
      ) - now())::float8`.as('seconds_left'),
    )
    .where('project_sessions.revoked_at', 'is', null)
    .where('project_sessions.last_seen_at', '>', sql<Date>`now() - make_interval(days => ${idleDays}::int)`)
    .where('sessions.revoked_at', 'is', null)
    .where('sessions.expires_at', '>', sql<Date>`now()`)
    .where('users.disabled_at', 'is', null)
    .where('projects.status', '=', 'active')
    .where('organizations.deleted_at', 'is', null)
    .where(isMemberOrGranted)

export const findProjectSessionByToken = prepare<{ hash: Buffer; idleDays: number }>()(
  'find_project_session_by_token',
  (db, parameter) =>
    liveProjectSessions(db, parameter('idleDays'))
      .innerJoin('project_session_tokens', 'project_session_tokens.project_session_id', 'project_sessions.id')
      .select(['project_session_tokens.hash', 'project_session_tokens.first_used_at'])
      .select(tokens.state.as('state'))
      .where('project_session_tokens.hash', '=', parameter('hash')),
)

export const findProjectSessionById = prepare<{ id: string; idleDays: number }>()(
  'find_project_session_by_id',
  (db, parameter) =>
    liveProjectSessions(db, parameter('idleDays')).where('project_sessions.id', '=', parameter('id')),
)

type NewProjectSession = {
  id: string
  session_id: string
  organization_id: string
  project_id: string
  user_id: string
  address: string
  user_agent: string | null
}

export async function insertProjectSession(tx: Tx, session: NewProjectSession): Promise<void> {
  await tx.insertInto('project_sessions').values(session).execute()
}

/**
 * Holds, until the end of the transaction, what a project session rests on: a session that was not ended, an active project
 * of an organization that was not deleted, and a membership or grant. Returns whose it is; undefined when one of these is gone.
 */
export async function holdFoundations(
  tx: Tx,
  what: { sessionId: string; organizationId: string; projectId: string },
): Promise<string | undefined> {
  const session = await tx
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select('sessions.user_id')
    .where('sessions.id', '=', what.sessionId)
    .where('sessions.revoked_at', 'is', null)
    .where('sessions.expires_at', '>', sql<Date>`now()`)
    .where('users.disabled_at', 'is', null)
    .forShare('sessions')
    .executeTakeFirst()
  if (!session) return undefined
  const project = await tx
    .selectFrom('projects')
    .innerJoin('organizations', 'organizations.id', 'projects.organization_id')
    .select('projects.id')
    .where('projects.organization_id', '=', what.organizationId)
    .where('projects.id', '=', what.projectId)
    .where('projects.status', '=', 'active')
    .where('organizations.deleted_at', 'is', null)
    .forShare(['projects', 'organizations'])
    .executeTakeFirst()
  if (!project) return undefined
  const userId = session.user_id
  const member = await tx
    .selectFrom('memberships')
    .select('user_id')
    .where('organization_id', '=', what.organizationId)
    .where('user_id', '=', userId)
    .forShare()
    .executeTakeFirst()
  const grant = await tx
    .selectFrom('app_grants')
    .select('user_id')
    .where('user_id', '=', userId)
    .where('project_id', '=', what.projectId)
    .forShare()
    .executeTakeFirst()
  return member || grant ? userId : undefined
}

/** Which project sessions: of a person or of sign-in sessions, of these perhaps one, or those of a project or an organization. */
export type Which =
  | { userId: string; id?: string; projectId?: string; organizationId?: string }
  | { sessionIds: string[]; organizationId?: string }

/** Revokes those that are not; returns them in one order. */
export async function revokeProjectSessions(tx: Tx, which: Which) {
  const ofPerson = 'userId' in which ? which : undefined
  const ofSessions = 'sessionIds' in which ? which : undefined
  if (ofSessions?.sessionIds.length === 0) return []
  const rows = await tx
    .updateTable('project_sessions')
    .set({ revoked_at: sql`now()` })
    .where('revoked_at', 'is', null)
    .$if(ofPerson !== undefined, (query) => query.where('user_id', '=', ofPerson?.userId ?? ''))
    .$if(ofPerson?.id !== undefined, (query) => query.where('id', '=', ofPerson?.id ?? ''))
    .$if(ofPerson?.projectId !== undefined, (query) =>
      query.where('project_id', '=', ofPerson?.projectId ?? ''),
    )
    .$if(ofSessions !== undefined, (query) => query.where('session_id', 'in', ofSessions?.sessionIds ?? []))
    .$if(which.organizationId !== undefined, (query) =>
      query.where('organization_id', '=', which.organizationId ?? ''),
    )
    .returning(['id', 'user_id', 'project_id', 'organization_id'])
    .execute()
  return rows.sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Ends every session of a project, without a word each: the project's own event tells it. */
export async function revokeSessionsOfProject(tx: Tx, projectId: string): Promise<void> {
  await tx
    .updateTable('project_sessions')
    .set({ revoked_at: sql`now()` })
    .where('project_id', '=', projectId)
    .where('revoked_at', 'is', null)
    .execute()
}

/** The person's live project sessions, newest first, after the one with id `before`. */
export async function listProjectSessionsOf(
  db: Db,
  userId: string,
  { idleDays, most, before }: { idleDays: number; most: number; before: string | undefined },
) {
  return liveProjectSessions(db, idleDays)
    .select(['projects.slug as project_slug', 'projects.name as project_name'])
    .select(['project_sessions.address', 'project_sessions.user_agent'])
    .where('project_sessions.user_id', '=', userId)
    .$if(before !== undefined, (query) => query.where('project_sessions.id', '<', before ?? ''))
    .orderBy('project_sessions.id', 'desc')
    .limit(most)
    .execute()
}

/** Marks these as seen now; one that is being changed at this moment is left out rather than waited for. */
export async function markSeen(db: Db, ids: string[]): Promise<void> {
  await sql`update project_sessions set last_seen_at = now() where id in (
    select id from project_sessions where id = any(${ids}::text[]) for no key update skip locked)`.execute(db)
}

/** Deletes project sessions that ended more than a month ago, a bounded number at a time. */
export async function deleteEndedProjectSessions(db: Db, most: number): Promise<void> {
  await sql`delete from project_sessions where id in (
    select id from project_sessions where revoked_at < now() - interval '30 days' limit ${most})`.execute(db)
}

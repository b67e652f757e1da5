import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import { prepare } from '../../db/prepared.ts'
import { rotatingTokens } from '../../db/rotating-tokens.ts'

const recentMinutes = sql.lit(30)

const tokens = rotatingTokens('session_tokens', 'session_id', 'sessions')
export const { insertToken, rotateToken, deleteTokens, markTokenUsed, deleteSupersededTokens } = tokens

const isRecent = sql<boolean>`sessions.authenticated_at > now() - make_interval(mins => ${recentMinutes})`

/** How long a session lives if nobody uses or ends it, and as long as it stays as recent as it is. */
const secondsLeft = (idleDays: number) => sql<number>`extract(epoch from least(
  sessions.expires_at,
  sessions.last_seen_at + make_interval(days => ${idleDays}::int),
  case when ${isRecent} then sessions.authenticated_at + make_interval(mins => ${recentMinutes}) end
) - now())::float8`

/** A session that lives, with its person; `idleDays` is the setting. */
function liveSessions(db: Db, idleDays: number) {
  return db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['sessions.id', 'sessions.user_id', 'sessions.active_organization_id'])
    .select(secondsLeft(idleDays).as('seconds_left'))
    .select(sql<boolean>`sessions.last_seen_at < now() - interval '1 minute'`.as('is_unseen'))
    .select(isRecent.as('is_recent'))
    .where('sessions.revoked_at', 'is', null)
    .where('sessions.expires_at', '>', sql<Date>`now()`)
    .where('sessions.last_seen_at', '>', sql<Date>`now() - make_interval(days => ${idleDays}::int)`)
    .where('users.disabled_at', 'is', null)
}

/** The live session of a token. `state`: `current`; `grace` while its successor is unused; `reused` for every older token. */
export const findSessionByToken = prepare<{ hash: Buffer; idleDays: number }>()(
  'find_session_by_token',
  (db, parameter) =>
    liveSessions(db, parameter('idleDays'))
      .innerJoin('session_tokens', 'session_tokens.session_id', 'sessions.id')
      .select(['session_tokens.hash', 'session_tokens.first_used_at'])
      .select(tokens.state.as('state'))
      .where('session_tokens.hash', '=', parameter('hash')),
)

export const findSessionById = prepare<{ id: string; idleDays: number }>()(
  'find_session_by_id',
  (db, parameter) => liveSessions(db, parameter('idleDays')).where('sessions.id', '=', parameter('id')),
)

type NewSession = {
  id: string
  user_id: string
  auth_method: string
  active_organization_id: string | null
  address: string
  user_agent: string | null
}

/** What a provider said of a sign-in. What it gives is counted from `authTime`, not from when we heard of it. */
export type ProviderFacts = {
  issuer: string
  subject: string
  provider_session_id: string | null
  sealed_id_token: Buffer
  authTime: Date
  hasMfa: boolean
  isPlatformAdmin: boolean
}

export const platformAdminHours = 12

function providerColumns({ authTime, hasMfa, isPlatformAdmin, ...facts }: ProviderFacts) {
  const at = sql<Date>`least(now(), ${authTime}::timestamptz)`
  return {
    ...facts,
    authenticated_at: at,
    aal: hasMfa ? 2 : 1,
    mfa_verified_at: hasMfa ? at : null,
    platform_admin_until: isPlatformAdmin
      ? sql<Date>`${at} + make_interval(hours => ${platformAdminHours})`
      : null,
  }
}

/**
 * Platform power at this moment: by the provider's word; in a session that no provider speaks for, by an operator's grant
 * together with a second factor.
 */
const isPlatformAdmin = sql<boolean>`coalesce(sessions.platform_admin_until > now(), false) or (
  sessions.issuer is null and sessions.aal >= 2
  and least(sessions.mfa_verified_at, sessions.authenticated_at) > now() - make_interval(hours => ${platformAdminHours})
  and exists (select from platform_admins where platform_admins.user_id = sessions.user_id))`

export async function insertSession(
  tx: Tx,
  session: NewSession,
  absoluteDays: number,
  provider?: ProviderFacts,
) {
  return tx
    .insertInto('sessions')
    .values({
      ...session,
      ...(provider && providerColumns(provider)),
      expires_at: sql`now() + make_interval(days => ${absoluteDays})`,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function lockSession(tx: Tx, sessionId: string) {
  return tx
    .selectFrom('sessions')
    .selectAll()
    .where('id', '=', sessionId)
    .where('revoked_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
}

export async function markAuthenticated(tx: Tx, sessionId: string, provider?: ProviderFacts): Promise<void> {
  await tx
    .updateTable('sessions')
    .set({ authenticated_at: sql`now()`, ...(provider && providerColumns(provider)) })
    .where('id', '=', sessionId)
    .execute()
}

type Which = { only?: string; except?: string; beyond?: number }

/** Revokes those of the person's live sessions that `only`, `except` and the newest `beyond` leave over; returns them. */
export async function revokeSessions(tx: Tx, userId: string, which: Which) {
  return tx
    .updateTable('sessions')
    .set({ revoked_at: sql`now()` })
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', sql<Date>`now()`)
    .$if(which.only !== undefined, (query) => query.where('id', '=', which.only ?? ''))
    .$if(which.except !== undefined, (query) => query.where('id', '!=', which.except ?? ''))
    .$if(which.beyond !== undefined, (query) =>
      query.where('id', 'in', (nested) =>
        nested
          .selectFrom('sessions')
          .select('id')
          .where('user_id', '=', userId)
          .where('revoked_at', 'is', null)
          .where('expires_at', '>', sql<Date>`now()`)
          .orderBy('last_seen_at', 'desc')
          .orderBy('id', 'desc')
          .offset(which.beyond ?? 0),
      ),
    )
    .returning('id')
    .execute()
}

/** Revokes those of these sessions that are not over, in their order. */
export async function revokeSessionsById(tx: Tx, ids: string[]) {
  if (ids.length === 0) return []
  const revoked = await tx
    .updateTable('sessions')
    .set({ revoked_at: sql`now()` })
    .where('id', 'in', ids)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', sql<Date>`now()`)
    .returning(['id', 'user_id'])
    .execute()
  return revoked.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id))
}

/** The person's live sessions, newest first. */
export async function listLiveSessions(db: Db, userId: string, idleDays: number) {
  return liveSessions(db, idleDays)
    .select(['sessions.auth_method', 'sessions.aal', 'sessions.mfa_verified_at', 'sessions.address'])
    .select(['sessions.user_agent', 'sessions.created_at', 'sessions.expires_at', 'sessions.last_seen_at'])
    .where('sessions.user_id', '=', userId)
    .orderBy('sessions.id', 'desc')
    .execute()
}

const isNotRefused = sql<boolean>`not exists (select from session_organizations sight
  where sight.session_id = sessions.id and sight.organization_id = active.organization_id and sight.revoked_at is not null)`

/** Everything `GET /v1/auth/session` and `GET /v1/me` tell of a session and its person. */
export const findSessionView = prepare<{ sessionId: string }>()('find_session_view', (db, parameter) =>
  db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .leftJoin(
      (from) =>
        from
          .selectFrom('memberships')
          .innerJoin('organizations', 'organizations.id', 'memberships.organization_id')
          .select(['memberships.user_id', 'memberships.organization_id', 'memberships.role'])
          .where('organizations.deleted_at', 'is', null)
          .as('active'),
      (join) =>
        join
          .onRef('active.user_id', '=', 'sessions.user_id')
          .onRef('active.organization_id', '=', 'sessions.active_organization_id')
          .on(isNotRefused),
    )
    .select(['sessions.id as session_id', 'sessions.auth_method', 'sessions.aal', 'sessions.mfa_verified_at'])
    .select(['sessions.created_at as session_created_at', 'sessions.expires_at'])
    .select(['sessions.issuer', isPlatformAdmin.as('is_platform_admin')])
    .select(['users.id as user_id', 'users.email', 'users.email_verified_at'])
    .select(['users.display_name', 'users.created_at'])
    .select(['active.organization_id', 'active.role'])
    .where('sessions.id', '=', parameter('sessionId')),
)

export async function setActiveOrganization(
  tx: Tx,
  sessionId: string,
  organizationId: string,
): Promise<void> {
  await tx
    .updateTable('sessions')
    .set({ active_organization_id: organizationId })
    .where('id', '=', sessionId)
    .execute()
}

/** Marks these sessions as seen now; one that is being changed at this moment is left out rather than waited for. */
export async function markSeen(db: Db, ids: string[]): Promise<void> {
  await sql`update sessions set last_seen_at = now() where id in (
    select id from sessions where id = any(${ids}::text[]) for no key update skip locked)`.execute(db)
}

/** Deletes sessions that ended more than a month ago, a bounded number at a time; when members were active in them is kept. */
export async function deleteEndedSessions(db: Db, most: number): Promise<void> {
  await sql`with ended as (
      select id, user_id from sessions where expires_at < now() - interval '30 days' limit ${most}),
    seen as (
      select ended.user_id, sight.organization_id, max(sight.last_seen_at) as at
      from ended join session_organizations sight on sight.session_id = ended.id group by 1, 2),
    kept as (
      update memberships set last_active_at = greatest(last_active_at, seen.at) from seen
      where memberships.user_id = seen.user_id and memberships.organization_id = seen.organization_id)
    delete from sessions where id in (select id from ended)`.execute(db)
}

import type { Actor, Anyone, SignedInUser } from '../../actors.ts'
import type { RecordEntry } from '../../change/actions.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/database.ts'
import { AppError, notFound } from '../../errors.ts'
import { isId, newId } from '../../lib/ids.ts'
import { findDefaultOrganization } from '../organizations/organizations.ts'
import { endProjectSessions } from '../project-sessions/project-sessions.ts'
import {
  deleteTokens,
  insertSession,
  insertToken,
  listLiveSessions,
  lockSession,
  markAuthenticated,
  type ProviderFacts,
  platformAdminHours,
  revokeSessions,
  rotateToken,
} from './queries.ts'
import { getSessionView, type SessionView } from './session-view.ts'
import { newSessionToken, sessionTokenHashes } from './tokens.ts'

export type StartedSession = { token: string; view: SessionView }

/** What the provider proved at a sign-in; the ID token is kept sealed, to be shown when signing out there. */
export type ProviderSignIn = {
  issuer: string
  subject: string
  sid: string | null
  idToken: string
  authTime: Date
  hasMfa: boolean
  isPlatformAdmin: boolean
}

/** The session that a browser has, where somebody signs in again. */
export type ReplacedSession = { userId: string; sessionId: string }

type Person = { userId: string; replaced: ReplacedSession | undefined } & (
  | { authMethod: 'password' }
  | { authMethod: 'oidc'; provider: ProviderSignIn }
)

/** For what a session's ID token is sealed. */
export const idTokenPurpose = (sessionId: string) => `sessions.sealed_id_token:${sessionId}`

const providerFacts = (
  ctx: Context,
  sessionId: string,
  { sid, idToken, ...facts }: ProviderSignIn,
): ProviderFacts => ({
  ...facts,
  provider_session_id: sid,
  sealed_id_token: ctx.seal(idTokenPurpose(sessionId), idToken),
})

// Each is told of in every organization of the person when all of them end at once.
const mostSessions = 100

/**
 * Begins a session inside the transaction that proved who the person is. The one that the browser had, whoever's it was, ends:
 * its token dies, and nothing is left behind that nobody could sign out of. Of more than a hundred the one that was unused for longest ends.
 */
export async function startSession(
  ctx: Context,
  tx: Tx,
  record: RecordEntry,
  actor: Actor,
  person: Person,
): Promise<StartedSession> {
  const { replaced } = person
  if (replaced)
    await endSessions(tx, record, replaced.userId, { only: replaced.sessionId, reason: 'signed_in_again' })
  const { token, hash } = newSessionToken(ctx.config)
  const id = newId('ses')
  const session = await insertSession(
    tx,
    {
      id,
      user_id: person.userId,
      auth_method: person.authMethod,
      active_organization_id: await findDefaultOrganization(tx, person.userId),
      address: actor.request.address,
      user_agent: actor.request.userAgent,
    },
    ctx.config.session.absoluteDays,
    'provider' in person ? providerFacts(ctx, id, person.provider) : undefined,
  )
  await insertToken(tx, session.id, hash)
  const { userId, authMethod } = person
  await endSessions(tx, record, userId, { beyond: mostSessions, reason: 'too_many' })
  const expiresAt = session.expires_at.toISOString()
  record('session.created', {
    userId,
    target: session.id,
    data: { id: session.id, userId, authMethod, expiresAt },
  })
  record('auth.login', { userId, target: session.id, details: { authMethod } })
  return { token, view: await getSessionView(tx, session.id) }
}

/** Whether a second factor was never shown, or so long ago that it gives no platform power any more. */
export const isMfaOver = (
  ctx: Context,
  { mfa_verified_at: at }: Pick<SessionView, 'mfa_verified_at'>,
): boolean => !at || at.getTime() + platformAdminHours * 3_600_000 <= ctx.clock().getTime()

/** Everything about the session that answers and access tokens tell. */
export const viewSession = (ctx: Context, sessionId: string) => getSessionView(ctx.db, sessionId)

/**
 * Gives the session a new token. The old one stays good until the new one is first used, at most 60 s, so that parallel
 * refreshes and a lost answer sign nobody out; of tokens refreshed at the same time each is good.
 */
export async function refreshSession(
  ctx: Context,
  user: SignedInUser,
  oldToken: string | undefined,
): Promise<StartedSession> {
  const oldHashes = sessionTokenHashes(ctx.config, oldToken)
  if (user.credential !== 'cookie' || !oldHashes)
    throw new AppError('authentication_required', 'Refreshing needs the session cookie.')
  const { token, hash } = newSessionToken(ctx.config)
  const { userId, sessionId } = user
  const reason = 'a new token for the same session is nothing to tell'
  const { state, view } = await change.silent(ctx, user, reason, async (tx) => ({
    state: await rotateToken(tx, sessionId, oldHashes, hash),
    view: await getSessionView(tx, sessionId),
  }))
  if (state === 'reused')
    await revokeReusedSession(ctx, { kind: 'anyone', request: user.request }, userId, sessionId)
  if (state === undefined || state === 'reused')
    throw new AppError('authentication_required', 'Sign in first.')
  return { token, view }
}

/** After a factor was shown again: power for 30 minutes under a new token; every token before is dead at once. */
export async function stepUpSession(
  ctx: Context,
  user: SignedInUser,
  provider?: ProviderSignIn,
): Promise<StartedSession> {
  const { token, hash } = newSessionToken(ctx.config)
  const facts = provider && providerFacts(ctx, user.sessionId, provider)
  return change(ctx, user, async (tx, record) => {
    if (!(await lockSession(tx, user.sessionId)))
      throw new AppError('authentication_required', 'Sign in first.')
    await deleteTokens(tx, user.sessionId)
    await insertToken(tx, user.sessionId, hash)
    await markAuthenticated(tx, user.sessionId, facts)
    record('auth.reauthenticated', { userId: user.userId, target: user.sessionId })
    return { token, view: await getSessionView(tx, user.sessionId) }
  })
}

type Ending = {
  only?: string
  except?: string
  beyond?: number
  reason:
    | 'signed_out'
    | 'signed_in_again'
    | 'too_many'
    | 'revoked'
    | 'password_changed'
    | 'token_reused'
    | 'email_taken_over'
    | 'user_disabled'
}

/** Ends sessions of one person inside a transaction; returns how many. */
export async function endSessions(
  tx: Tx,
  record: RecordEntry,
  userId: string,
  ending: Ending,
): Promise<number> {
  const { reason, ...which } = ending
  const ended = await revokeSessions(tx, userId, which)
  for (const { id } of ended) record('session.revoked', { userId, target: id, data: { id, userId, reason } })
  await endProjectSessions(tx, record, { sessionIds: ended.map(({ id }) => id) }, reason)
  return ended.length
}

/** Ends the caller's own session. */
export async function signOut(ctx: Context, user: SignedInUser): Promise<void> {
  await change(ctx, user, async (tx, record) => {
    await endSessions(tx, record, user.userId, { only: user.sessionId, reason: 'signed_out' })
    record('auth.logout', { userId: user.userId, target: user.sessionId })
  })
}

/** Ends every session of the caller, this one included. */
export async function signOutEverywhere(ctx: Context, user: SignedInUser): Promise<void> {
  await change(ctx, user, async (tx, record) => {
    await endSessions(tx, record, user.userId, { reason: 'revoked' })
    record('auth.logout', { userId: user.userId, target: user.sessionId, details: { everywhere: true } })
  })
}

/** Ends every session of the caller but this one. */
export async function revokeOtherSessions(ctx: Context, user: SignedInUser): Promise<void> {
  await change.silent(ctx, user, 'there may be no other', async (tx, record) => {
    await endSessions(tx, record, user.userId, { except: user.sessionId, reason: 'revoked' })
  })
}

/** Ends one of the caller's sessions; a stranger's is as unknown as one that does not exist. */
export async function revokeOwnSession(ctx: Context, user: SignedInUser, sessionId: string): Promise<void> {
  await change(ctx, user, async (tx, record) => {
    const found = isId('ses', sessionId)
    const ended = found
      ? await endSessions(tx, record, user.userId, { only: sessionId, reason: 'revoked' })
      : 0
    if (ended === 0) throw notFound('session')
  })
}

/** An old token came back after its successor was used: somebody has a copy, so the session ends. */
export async function revokeReusedSession(
  ctx: Context,
  anyone: Anyone,
  userId: string,
  sessionId: string,
): Promise<void> {
  await change.silent(ctx, anyone, 'a second reuse finds the session ended', async (tx, record) => {
    const ended = await endSessions(tx, record, userId, { only: sessionId, reason: 'token_reused' })
    if (ended > 0) record('auth.session_token.reused', { userId, target: sessionId })
  })
}

export const listOwnSessions = (ctx: Context, user: SignedInUser) =>
  listLiveSessions(ctx.db, user.userId, ctx.config.session.idleDays)

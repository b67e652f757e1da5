import type { Anyone, SignedInUser } from '../../actors.ts'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { Authenticate, Incoming } from '../../http/audiences.ts'
import { sessionToken } from '../../http/session-cookie.ts'
import { sessionIdOfAccessToken } from './access-tokens.ts'
import { noteSeen } from './last-seen.ts'
import { findSessionById, findSessionByToken, markTokenUsed } from './queries.ts'
import { type ReplacedSession, revokeReusedSession } from './sessions.ts'
import { sessionTokenHashes } from './tokens.ts'

export const authenticateAnyone: Authenticate = async (_ctx, { facts }): Promise<Anyone> => ({
  kind: 'anyone',
  request: facts,
})

/** A person with our session cookie or one of our access tokens; the session must live, whichever was shown. */
export const authenticateUser: Authenticate = async (ctx, incoming): Promise<SignedInUser> => {
  const user = await findSignedInUser(ctx, incoming)
  if (!user) throw new AppError('authentication_required', 'Sign in first.')
  return user
}

/** The person who calls, if any. */
export async function findSignedInUser(
  ctx: Context,
  { headers, facts }: Pick<Incoming, 'headers' | 'facts'>,
): Promise<SignedInUser | undefined> {
  const { authorization } = headers
  const credential = authorization === undefined ? 'cookie' : 'access_token'
  const session =
    authorization === undefined
      ? await sessionOfCookie(ctx, sessionToken(ctx.config, headers), facts)
      : await sessionOfBearer(ctx, authorization)
  if (!session) return undefined
  noteSeen(ctx, session)
  return {
    kind: 'user',
    request: facts,
    userId: session.user_id,
    sessionId: session.id,
    credential,
    activeOrganizationId: session.active_organization_id,
    recentlyAuthenticated: session.is_recent,
  }
}

/** The live session of this browser's cookie, whatever else the request shows: a sign-in here takes its place. */
export async function findBrowserSession(
  ctx: Context,
  { headers, facts }: Pick<Incoming, 'headers' | 'facts'>,
): Promise<ReplacedSession | undefined> {
  const session = await sessionOfCookie(ctx, sessionToken(ctx.config, headers), facts)
  return session && { userId: session.user_id, sessionId: session.id }
}

async function sessionOfCookie(ctx: Context, token: string | undefined, facts: Anyone['request']) {
  const hashes = sessionTokenHashes(ctx.config, token)
  if (!hashes) return undefined
  const [found] = await findSessionByToken(ctx.db, { hashes, idleDays: ctx.config.session.idleDays })
  if (found?.state === 'reused') {
    await revokeReusedSession(ctx, { kind: 'anyone', request: facts }, found.user_id, found.id)
    return undefined
  }
  // The first use is what ends the grace of the token before.
  if (found && found.first_used_at === null) await markTokenUsed(ctx.db, found.hash)
  return found
}

async function sessionOfBearer(ctx: Context, authorization: string) {
  const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1]
  const id = token && (await sessionIdOfAccessToken(ctx, token))
  if (!id) return undefined
  const [found] = await findSessionById(ctx.db, { id, idleDays: ctx.config.session.idleDays })
  return found
}

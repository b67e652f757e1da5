import type { Anyone, SignedInUser } from '../../actors.ts'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { Authenticate, Incoming } from '../../http/audiences.ts'
import { sessionToken } from '../../http/session-cookie.ts'
import { sha256Text } from '../../lib/secrets.ts'
import { noteSeen } from './last-seen.ts'
import { sessionsByAccessToken, sessionsByToken } from './live-sessions.ts'
import { type ReplacedSession, revokeReusedSession } from './sessions.ts'

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
  if (!token) return undefined
  const found = await ctx.cache.get(sessionsByToken, sha256Text(token), token)
  if (!found?.isTokenReused) return found
  await revokeReusedSession(ctx, { kind: 'anyone', request: facts }, found.user_id, found.id)
  return undefined
}

async function sessionOfBearer(ctx: Context, authorization: string) {
  const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1]
  return token === undefined ? undefined : ctx.cache.get(sessionsByAccessToken, sha256Text(token), token)
}

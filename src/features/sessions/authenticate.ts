import type { Anyone, RequestFacts, SignedInUser } from '../../actors.ts'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { Authenticate, Incoming } from '../../http/audiences.ts'
import { sessionToken } from '../../http/session-cookie.ts'
import { sha256Text } from '../../lib/secrets.ts'
import { type Known, whenKnown } from '../../lib/when-known.ts'
import { noteSeen } from './last-seen.ts'
import { type LiveSession, sessionsByAccessToken, sessionsByToken } from './live-sessions.ts'
import { type ReplacedSession, revokeReusedSession } from './sessions.ts'

export const authenticateAnyone: Authenticate = (_ctx, { facts }): Anyone => ({
  kind: 'anyone',
  request: facts,
})

/** A person with our session cookie or one of our access tokens; the session must live, whichever was shown. */
export const authenticateUser = (ctx: Context, incoming: Call): Known<SignedInUser> =>
  whenKnown(findSignedInUser(ctx, incoming), (user) => {
    if (!user) throw new AppError('authentication_required', 'Sign in first.')
    return user
  })

type Call = Pick<Incoming, 'headers' | 'facts'>

/** The person who calls, if any. */
export function findSignedInUser(ctx: Context, { headers, facts }: Call): Known<SignedInUser | undefined> {
  const { authorization } = headers
  const isCookie = authorization === undefined
  const found = isCookie
    ? sessionOfCookie(ctx, sessionToken(ctx.config, headers), facts)
    : sessionOfBearer(ctx, authorization)
  return whenKnown(found, (session): SignedInUser | undefined => {
    if (!session) return undefined
    noteSeen(ctx, session)
    return {
      kind: 'user',
      request: facts,
      userId: session.user_id,
      sessionId: session.id,
      credential: isCookie ? 'cookie' : 'access_token',
      activeOrganizationId: session.active_organization_id,
      recentlyAuthenticated: session.is_recent,
    }
  })
}

/** The live session of this browser's cookie, whatever else the request shows: a sign-in here takes its place. */
export async function findBrowserSession(
  ctx: Context,
  { headers, facts }: Call,
): Promise<ReplacedSession | undefined> {
  const session = await sessionOfCookie(ctx, sessionToken(ctx.config, headers), facts)
  return session && { userId: session.user_id, sessionId: session.id }
}

function sessionOfCookie(
  ctx: Context,
  token: string | undefined,
  facts: RequestFacts,
): Known<LiveSession | undefined> {
  if (!token) return undefined
  const found = ctx.cache.get(sessionsByToken, sha256Text(token), token)
  return whenKnown(found, (session) => (session?.isTokenReused ? endReused(ctx, session, facts) : session))
}

async function endReused(ctx: Context, session: LiveSession, request: RequestFacts): Promise<undefined> {
  await revokeReusedSession(ctx, { kind: 'anyone', request }, session.user_id, session.id)
}

function sessionOfBearer(ctx: Context, authorization: string): Known<LiveSession | undefined> {
  const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1]
  return token === undefined ? undefined : ctx.cache.get(sessionsByAccessToken, sha256Text(token), token)
}

import { type AccessTokenClaims, verifyAccessToken } from '../access-token.js'
import type { SeqnAuthOrganization, SeqnAuthUser, SessionVerification } from '../answers.js'
import { backendHeaders } from '../application.js'
import { SeqnAuthError } from '../errors.js'
import { request } from '../http.js'
import type { Settings } from '../options.js'
import { placeOf } from './place.js'
import type { createRefreshes } from './refreshes.js'
import type { SessionCookie, SessionTokens } from './session-cookie.js'
import { addLocals, type ExpressOptions, type SeqnAuthRequest, type SeqnAuthResponse } from './shapes.js'

/** Who is signed in, in `res.locals.seqnAuth.session`. It holds no token. */
export type ExpressSession = {
  userId: string
  email: string | undefined
  organizationId: string | undefined
  sessionId: string | undefined
  claims: AccessTokenClaims
  /** Only with `strict`: as the service knows them now. */
  user?: SeqnAuthUser | undefined
  organization?: SeqnAuthOrganization | null | undefined
}

type Found = { tokens: SessionTokens; claims: AccessTokenClaims }

const dueBeforeEndSeconds = 60
// A browser may bring tokens that were replaced more than once in the meantime.
const mostHops = 3

/** Finds the session of a request: judged here by its signature, refreshed when due, by the service itself when strict. */
export function createSessionFinder(
  settings: Settings,
  options: ExpressOptions,
  { cookie, refreshes }: { cookie: SessionCookie; refreshes: ReturnType<typeof createRefreshes> },
) {
  async function verified({ accessToken }: SessionTokens): Promise<AccessTokenClaims | null> {
    try {
      return await verifyAccessToken(accessToken, { ...options, ...settings })
    } catch (error) {
      const isRefused = error instanceof SeqnAuthError && /_access_token$/.test(error.code)
      if (isRefused) return null
      throw error
    }
  }

  /** The newest tokens that came of these, with their claims; null when the session has ended. */
  async function current(tokens: SessionTokens, hops = 0): Promise<Found | null> {
    const claims = await verified(tokens)
    if (claims && (hops > 0 || !isDue(claims))) return { tokens, claims }
    if (hops === mostHops)
      throw new SeqnAuthError(
        'invalid_access_token',
        'The service gives tokens that do not fit these options.',
      )
    const { sessionToken, signedInAt } = tokens
    try {
      const answer = await refreshes.refresh(sessionToken)
      return answer && (await current({ ...answer, signedInAt }, hops + 1))
    } catch (error) {
      // While the service is down, a token that is merely due is still good.
      if (claims) return { tokens, claims }
      throw error
    }
  }

  /** Leaves the session in `res.locals`; false when there is none. */
  return async (req: SeqnAuthRequest, res: SeqnAuthResponse, { strict = false } = {}): Promise<boolean> => {
    const place = placeOf(options, req)
    const tokens = cookie.read(req, place)
    if (!tokens) return false
    const found = await current(tokens)
    if (found && found.tokens !== tokens) cookie.set(res, place, found.tokens)
    const confirmed = found && strict ? await confirm(settings, found.tokens) : undefined
    if (!found || (strict && confirmed?.active !== true)) {
      if (found) refreshes.forget(found.tokens.sessionToken)
      cookie.clear(res, place)
      return false
    }
    const { sub, email, org, sid } = found.claims
    const session: ExpressSession = {
      userId: sub,
      email,
      organizationId: org ?? undefined,
      sessionId: sid,
      claims: found.claims,
      user: confirmed?.user,
      organization: confirmed?.organization,
    }
    addLocals(res, { session })
    return true
  }
}

const isDue = ({ exp, iat = 0 }: AccessTokenClaims) =>
  exp - Date.now() / 1000 < Math.min(dueBeforeEndSeconds, (exp - iat) / 4)

const confirm = (settings: Settings, { accessToken }: SessionTokens) =>
  request<SessionVerification>(settings, '/v1/backend/sessions/verify', {
    headers: backendHeaders(settings),
    body: { token: accessToken },
  })

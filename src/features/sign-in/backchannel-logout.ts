import { createRemoteJWKSet, customFetch, errors, jwtVerify, type RemoteJWKSet } from 'jose'
import { z } from 'zod'
import type { Anyone } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { AppError, invalidInput } from '../../errors.ts'
import { endProjectSessions } from '../project-sessions/project-sessions.ts'
import { askProvider, fetchFromProvider, oidcSettings, reachProvider, unavailable } from './oidc-client.ts'
import { revokeProviderSessions, spendLogoutToken } from './queries.ts'

const skewSeconds = 30
const longestAgeSeconds = 60 * 60
const event = 'http://schemas.openid.net/event/backchannel-logout'
const text = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,255}$/u)

// Signatures that only the provider can make: no HMAC under the secret that we know as well, and no `none`.
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]

const LogoutToken = z
  .object({
    jti: text,
    exp: z.number(),
    sub: text.optional(),
    sid: text.optional(),
    events: z.looseObject({ [event]: z.looseObject({}) }),
    // One who has a nonce is an ID token.
    nonce: z.never().optional(),
  })
  .refine(({ sub, sid }) => sub !== undefined || sid !== undefined, 'names nobody')

const keys = new WeakMap<Context, { url: string; keySet: RemoteJWKSet }>()

/** The provider's keys; an unknown `kid` has them fetched again, at most once a minute. */
async function providerKeys(ctx: Context): Promise<RemoteJWKSet> {
  const url = (await reachProvider(ctx)).serverMetadata().jwks_uri
  if (!url) throw unavailable(new Error('the provider names no keys'))
  const known = keys.get(ctx)
  if (known?.url === url) return known.keySet
  const keySet = createRemoteJWKSet(new URL(url), {
    cooldownDuration: 60_000,
    timeoutDuration: 3_000,
    [customFetch]: fetchFromProvider,
  })
  keys.set(ctx, { url, keySet })
  return keySet
}

const refused = () => invalidInput('logout_token', 'is no logout token that we accept')

/** OpenID Connect Back-Channel Logout: the provider ends sessions here, the one with `sid` or all of `sub`. */
export async function endSessionsByToken(ctx: Context, anyone: Anyone, token: string): Promise<void> {
  const { issuer } = oidcSettings(ctx)
  const { jti, exp, sub, sid } = await verified(ctx, token)
  await change.silent(ctx, anyone, 'the person may have signed out here already', async (tx, record) => {
    const expires_at = new Date((exp + 2 * skewSeconds) * 1000)
    if (!(await spendLogoutToken(tx, { issuer, jti, expires_at }))) throw refused()
    const reason = 'provider_logout'
    const ended = await revokeProviderSessions(tx, { issuer, subject: sub, sid })
    for (const { id, user_id: userId } of ended) {
      record('session.revoked', { userId, target: id, data: { id, userId, reason } })
    }
    await endProjectSessions(tx, record, { sessionIds: ended.map(({ id }) => id) }, reason)
  })
}

async function verified(ctx: Context, token: string): Promise<z.output<typeof LogoutToken>> {
  const { issuer, clientId } = oidcSettings(ctx)
  const keySet = await providerKeys(ctx)
  const { payload } = await askProvider(() =>
    jwtVerify(token, keySet, {
      algorithms,
      typ: 'logout+jwt',
      issuer,
      audience: clientId,
      clockTolerance: skewSeconds,
      maxTokenAge: longestAgeSeconds,
      currentDate: ctx.clock(),
    }).catch((error) => {
      throw isAboutToken(error) ? refused() : unavailable(error)
    }),
  )
  const parsed = LogoutToken.safeParse(payload)
  if (!parsed.success) throw refused()
  return parsed.data
}

/** Whether it is the token that is wrong; a provider whose keys cannot be had must send it again. */
const isAboutToken = (error: unknown): boolean =>
  error instanceof AppError ||
  (error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    !(error instanceof errors.JWKSInvalid) &&
    error.code !== 'ERR_JOSE_GENERIC')

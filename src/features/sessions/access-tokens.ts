import { errors, jwtVerify, SignJWT } from 'jose'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { isId } from '../../lib/ids.ts'
import type { getSessionView } from './queries.ts'
import { findSigningKey, signingKeys } from './signing-keys.ts'

export const accessTokenSeconds = 900

type SessionView = Awaited<ReturnType<typeof getSessionView>>

/** A JWT (EdDSA, 15 minutes) that back ends can check with our JWKS alone. */
export async function signAccessToken(ctx: Context, session: SessionView): Promise<string> {
  const key = (await signingKeys(ctx)).find(({ isRetired }) => !isRetired)
  if (!key)
    throw new AppError('service_unavailable', 'No signing key is ready yet.', { retryAfterSeconds: 2 })
  const issuedAt = Math.floor(ctx.clock().getTime() / 1000)
  return new SignJWT({
    org: session.organization_id,
    email: session.email,
    aal: session.aal,
    mfa_verified_at: session.mfa_verified_at?.toISOString() ?? null,
    sid: session.session_id,
  })
    .setProtectedHeader({ alg: 'EdDSA', kid: key.id, typ: 'at+jwt' })
    .setSubject(session.user_id)
    .setIssuer(ctx.config.publicBaseUrl)
    .setAudience(ctx.config.publicBaseUrl)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + accessTokenSeconds)
    .sign(key.privateKey)
}

/** The session id of one of our own valid access tokens; undefined for any other text. Whether the session lives is asked elsewhere. */
export async function sessionIdOfAccessToken(ctx: Context, token: string): Promise<string | undefined> {
  try {
    const { payload } = await jwtVerify(
      token,
      async ({ kid }) => {
        const key = await findSigningKey(ctx, kid)
        if (!key) throw new errors.JWKSNoMatchingKey()
        return key.publicKey
      },
      {
        algorithms: ['EdDSA'],
        typ: 'at+jwt',
        issuer: ctx.config.publicBaseUrl,
        audience: ctx.config.publicBaseUrl,
        currentDate: ctx.clock(),
      },
    )
    return typeof payload.sid === 'string' && isId('ses', payload.sid) ? payload.sid : undefined
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined
    throw error
  }
}

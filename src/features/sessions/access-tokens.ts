import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { SessionView } from './session-view.ts'
import { currentSigningKey, findSigningKey } from './signing-keys.ts'

export const accessTokenSeconds = 900

/** A JWT (EdDSA, 15 minutes) that back ends can check with our JWKS alone. */
export async function signAccessToken(ctx: Context, session: SessionView): Promise<string> {
  return signToken(
    ctx,
    { subject: session.user_id, audience: ctx.config.publicBaseUrl },
    {
      org: session.organization_id,
      email: session.email,
      aal: session.aal,
      mfa_verified_at: session.mfa_verified_at?.toISOString() ?? null,
      sid: session.session_id,
    },
  )
}

/** An access token for whom `audience` names: this service itself, or one project. */
export async function signToken(
  ctx: Context,
  { subject, audience }: { subject: string; audience: string },
  claims: JWTPayload,
): Promise<string> {
  const key = await currentSigningKey(ctx)
  if (!key)
    throw new AppError('service_unavailable', 'No signing key is ready yet.', { retryAfterSeconds: 2 })
  const issuedAt = Math.floor(ctx.clock().getTime() / 1000)
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'EdDSA', kid: key.id, typ: 'at+jwt' })
    .setSubject(subject)
    .setIssuer(ctx.config.publicBaseUrl)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + accessTokenSeconds)
    .sign(key.privateKey)
}

/** The claims of a valid access token for this audience; undefined for any other text. */
export async function verifiedClaims(
  ctx: Context,
  token: string,
  audience: string,
): Promise<JWTPayload | undefined> {
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
        audience,
        currentDate: ctx.clock(),
      },
    )
    return payload
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined
    throw error
  }
}

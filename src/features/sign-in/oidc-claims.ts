import { z } from 'zod'
import type { Context } from '../../context.ts'
import { line } from '../../http/schemas.ts'
import { EmailAddress } from '../users/email.ts'
import { SignInRefused } from './sign-in-refused.ts'

const skewSeconds = 30

// Everything that Postgres can keep and a log line can show; OpenID Connect allows 255 characters.
const Identifier = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,255}$/u)

const Claims = z.object({
  sub: Identifier,
  iat: z.number(),
  auth_time: z.number().nonnegative().optional(),
  sid: Identifier.optional().catch(undefined),
  email: EmailAddress.optional().catch(undefined),
  email_verified: z.literal(true).optional().catch(undefined),
  name: line(200).optional().catch(undefined),
  groups: z.array(z.string()).catch([]),
  amr: z.array(z.string()).catch([]),
})

/** Who signed in at the provider, as far as we believe it. */
export type ProvenIdentity = {
  subject: string
  sid: string | null
  email: string | undefined
  isEmailVerified: boolean
  name: string | undefined
  /** When they showed who they are; a provider that does not tell is believed to have asked now. */
  authTime: Date
  isInAdminGroup: boolean
  hasMfa: boolean
  isPlatformAdmin: boolean
}

/**
 * Reads the claims of an ID token whose signature, issuer, audience, nonce and times openid-client has checked. A step-up
 * has to tell of a factor that was shown after it began.
 */
export function readClaims(ctx: Context, claims: unknown, stepUpBegunAt?: Date): ProvenIdentity {
  const parsed = Claims.safeParse(claims)
  if (!parsed.success)
    throw new SignInRefused('answer_refused', 'the ID token lacks what OpenID Connect wants')
  const { sub, iat, auth_time, sid, email, email_verified, name, groups, amr } = parsed.data
  // openid-client believes any time of issue.
  const now = ctx.clock().getTime() / 1000
  if (iat > now + skewSeconds) throw new SignInRefused('answer_refused', 'the ID token is from the future')
  if (stepUpBegunAt && !(auth_time && auth_time >= stepUpBegunAt.getTime() / 1000 - skewSeconds))
    throw new SignInRefused('answer_refused', 'the provider asked for no factor')
  const { group, requireMfa, amr: accepted } = ctx.config.platformAdmin
  const isInAdminGroup = groups.includes(group)
  const hasMfa = amr.some((method) => accepted.includes(method))
  return {
    subject: sub,
    sid: sid ?? null,
    email,
    isEmailVerified: email_verified ?? false,
    name,
    authTime: new Date(Math.min(now, auth_time ?? now) * 1000),
    isInAdminGroup,
    hasMfa,
    isPlatformAdmin: isInAdminGroup && (hasMfa || !requireMfa),
  }
}

import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { shownId, shownTime, time } from '../../http/schemas.ts'
import { setSessionCookie } from '../../http/session-cookie.ts'
import { permissionsOf, roles } from '../../roles.ts'
import { accessTokenSeconds, signAccessToken } from './access-tokens.ts'
import type { SessionView } from './session-view.ts'
import type { StartedSession } from './sessions.ts'

const Capabilities = z.object({
  role: z.enum(roles).nullable(),
  permissions: z.array(z.string().meta({ example: 'org.read' })),
})

const IdentityUser = z.object({
  user_id: shownId('usr'),
  organization_id: shownId('org').nullable(),
  email: z.string().meta({ example: 'ada@example.com' }),
  display_name: z.string().meta({ example: 'Ada Lovelace' }).nullable(),
  is_platform_admin: z.boolean(),
  auth_method: z.string().meta({ example: 'password' }),
  session_id: shownId('ses'),
  mfa_verified_at: time.nullable(),
})

const AccessTokenText = z.string().meta({ example: 'eyJhbGciOiJFZERTQSJ9…' })

export const SessionInfo = z
  .object({ user: IdentityUser, capabilities: Capabilities })
  .meta({ id: 'SessionInfo' })

export const SignedIn = z
  .object({
    status: z.literal('success'),
    user: IdentityUser,
    capabilities: Capabilities,
    access_token: AccessTokenText,
    expires_in: z.int().meta({ example: 900 }),
  })
  .meta({ id: 'SignedIn' })

export const AccessToken = z
  .object({ access_token: AccessTokenText, expires_in: z.int().meta({ example: 900 }) })
  .meta({ id: 'AccessToken' })

export const shownSession = (view: SessionView): z.input<typeof SessionInfo> => ({
  user: {
    user_id: view.user_id,
    organization_id: view.organization_id,
    email: view.email,
    display_name: view.display_name,
    is_platform_admin: view.is_platform_admin,
    auth_method: view.auth_method,
    session_id: view.session_id,
    mfa_verified_at: shownTime(view.mfa_verified_at),
  },
  capabilities: { role: view.role, permissions: view.role ? [...permissionsOf[view.role]] : [] },
})

export async function shownAccessToken(
  ctx: Context,
  view: SessionView,
): Promise<z.input<typeof AccessToken>> {
  return {
    access_token: await signAccessToken(ctx, view),
    expires_in: accessTokenSeconds,
  }
}

/** Sets the cookie of a session that just began and makes the answer that tells of it. */
export async function answerSignedIn(
  ctx: Context,
  reply: FastifyReply,
  { token, view }: StartedSession,
): Promise<z.input<typeof SignedIn>> {
  const access_token = await signAccessToken(ctx, view)
  // Last, so that an answer that failed signs nobody in.
  setSessionCookie(reply, ctx.config, token)
  return { status: 'success', ...shownSession(view), access_token, expires_in: accessTokenSeconds }
}

import { z } from 'zod'
import { invalidInput } from '../../errors.ts'
import { signedInUser } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { shownId, shownTime, time } from '../../http/schemas.ts'
import { clearSessionCookie, sessionToken, setSessionCookie } from '../../http/session-cookie.ts'
import { proveOwnPassword } from '../credentials/change-password.ts'
import { GivenPassword } from '../credentials/password.ts'
import { AccessToken, SessionInfo, shownAccessToken, shownSession } from './identity-schemas.ts'
import {
  listOwnSessions,
  refreshSession,
  revokeOwnSession,
  signOutEverywhere,
  stepUpSession,
  viewSession,
} from './sessions.ts'

const ShownSession = z
  .object({
    session_id: shownId('ses'),
    auth_method: z.string().meta({ example: 'password' }),
    aal: z.int(),
    ip_address: z.string().meta({ example: '203.0.113.7' }),
    user_agent: z.string().meta({ example: 'Mozilla/5.0' }).nullable(),
    created_at: time,
    last_seen_at: time,
    expires_at: time,
    is_current: z.boolean(),
  })
  .meta({ id: 'Session' })

export const reauthenticationRoutes: Routes = (app, ctx) => {
  if (!ctx.config.authMethods.includes('password')) return
  app.post(
    '/v1/auth/reauthenticate',
    {
      config: { limit: 'reauthenticate' },
      schema: {
        summary: 'Step up by password; the session gets a new token',
        body: z.strictObject({ password: GivenPassword }),
        response: { 200: AccessToken },
      },
    },
    async (request, reply) => {
      const user = signedInUser(request)
      if ((await proveOwnPassword(ctx, user, request.body.password)) === undefined)
        throw invalidInput('password', 'is not your password')
      const { token, view } = await stepUpSession(ctx, user)
      setSessionCookie(reply, ctx.config, token)
      return shownAccessToken(ctx, view)
    },
  )
}

export const sessionRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/auth/session',
    { schema: { summary: 'Who is signed in', response: { 200: SessionInfo } } },
    async (request) => shownSession(await viewSession(ctx, signedInUser(request).sessionId)),
  )

  app.post(
    '/v1/auth/refresh',
    { schema: { summary: 'A new session token (cookie) and access token', response: { 200: AccessToken } } },
    async (request, reply) => {
      const user = signedInUser(request)
      const { token, view } = await refreshSession(ctx, user, sessionToken(ctx.config, request.headers))
      setSessionCookie(reply, ctx.config, token)
      return shownAccessToken(ctx, view)
    },
  )

  app.get(
    '/v1/auth/sessions',
    { schema: { summary: 'My sessions, newest first', response: { 200: z.array(ShownSession) } } },
    async (request) => {
      const user = signedInUser(request)
      const rows = await listOwnSessions(ctx, user)
      return rows.map((row) => ({
        session_id: row.id,
        auth_method: row.auth_method,
        aal: row.aal,
        ip_address: row.address,
        user_agent: row.user_agent,
        created_at: shownTime(row.created_at),
        last_seen_at: shownTime(row.last_seen_at),
        expires_at: shownTime(row.expires_at),
        is_current: row.id === user.sessionId,
      }))
    },
  )

  app.delete(
    '/v1/auth/sessions',
    {
      config: { limit: 'mutation' },
      schema: { summary: 'Sign out everywhere, here too', response: { 204: z.null() } },
    },
    async (request, reply) => {
      await signOutEverywhere(ctx, signedInUser(request))
      clearSessionCookie(reply, ctx.config)
      return reply.code(204).send(null)
    },
  )

  app.delete(
    '/v1/auth/sessions/:session',
    {
      config: { limit: 'mutation', errors: ['not_found'] },
      schema: {
        summary: 'End one of my sessions',
        params: z.object({ session: z.string() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await revokeOwnSession(ctx, signedInUser(request), request.params.session)
      return reply.code(204).send(null)
    },
  )
}

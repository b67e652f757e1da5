import { z } from 'zod'
import { clientApp } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { refreshProjectSession, revokeProjectSession } from './refresh.ts'
import { ProjectTokens, SessionToken, shownProjectTokens } from './schemas.ts'

const body = z.strictObject({ sessionToken: SessionToken })

export const projectSessionRoutes: Routes = (app, ctx) => {
  app.post(
    '/v1/client/sessions/refresh',
    {
      config: { limit: 'appRefresh', errors: ['authentication_required'] },
      schema: {
        summary: 'New tokens for a session of this project',
        description:
          'The old session token stays good until the new one is first used, at most 60 seconds. Used later, it ends the session.',
        body,
        response: { 200: ProjectTokens },
      },
    },
    async (request) => {
      const { sessionToken } = request.body
      return shownProjectTokens(ctx, await refreshProjectSession(ctx, clientApp(request), sessionToken))
    },
  )

  app.post(
    '/v1/client/sessions/revoke',
    {
      config: { limit: 'appRefresh' },
      schema: { summary: 'Sign out of this project; 204 in any case', body, response: { 204: z.null() } },
    },
    async (request, reply) => {
      await revokeProjectSession(ctx, clientApp(request), request.body.sessionToken)
      return reply.code(204).send(null)
    },
  )
}

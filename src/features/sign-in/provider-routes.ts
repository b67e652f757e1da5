import formbody from '@fastify/formbody'
import { z } from 'zod'
import { anyone } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { endSessionsByToken } from './backchannel-logout.ts'

const longestToken = 16 * 1024

/** What the identity provider itself calls. Its token is the proof; there is no cookie to protect. */
export const backchannelLogoutRoutes: Routes = (app, ctx) => {
  if (!ctx.config.oidc) return
  app.register(formbody)
  app.post(
    '/auth/backchannel-logout',
    {
      config: { limit: 'backchannelLogout', errors: ['identity_provider_unavailable'] },
      schema: {
        hide: true,
        // Other fields are the provider's business: the specification wants them ignored.
        body: z.object({ logout_token: z.string().max(longestToken) }),
        response: { 200: z.string() },
      },
    },
    async (request, reply) => {
      await endSessionsByToken(ctx, anyone(request), request.body.logout_token)
      return reply.code(200).serializer(String).send('')
    },
  )
}

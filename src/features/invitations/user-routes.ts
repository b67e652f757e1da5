import { z } from 'zod'
import { signedInUser } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { declineInvitation } from './decline.ts'
import { ByToken } from './token-schemas.ts'

export const declineRoutes: Routes = (app, ctx) => {
  app.post(
    '/v1/auth/invitations/decline',
    {
      config: { limit: 'mutation', errors: ['forbidden', 'not_found', 'conflict'] },
      schema: {
        summary: 'Decline an invitation for one person: its link opens nothing any more',
        body: ByToken,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await declineInvitation(ctx, signedInUser(request), request.body.token)
      return reply.code(204).send(null)
    },
  )
}

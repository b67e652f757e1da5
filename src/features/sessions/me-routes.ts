import { z } from 'zod'
import { projectUser, signedInUser } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { sendJson } from '../../http/finished.ts'
import { whenKnown } from '../../lib/when-known.ts'
import type { SeenProjectUser } from '../project-sessions/authenticate.ts'
import { chooseActiveOrganization } from './active-organization.ts'
import { Me, meOfProject, meOfUser } from './me.ts'

export const meRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/me',
    { config: { limit: 'me' }, schema: { summary: 'Who I am and where I belong', response: { 200: Me } } },
    (request, reply) => {
      if (request.actor.kind === 'project_user')
        return sendJson(reply, meOfProject((projectUser(request) as SeenProjectUser).session))
      const user = signedInUser(request)
      return whenKnown(ctx.cache.get(meOfUser, user.sessionId, user), (text = '') => sendJson(reply, text))
    },
  )
}

export const activeOrganizationRoutes: Routes = (app, ctx) => {
  app.post(
    '/v1/me/active-organization',
    {
      config: { limit: 'mutation', errors: ['not_found'] },
      schema: {
        summary: 'Choose the organization that capabilities and access tokens speak of',
        body: z.strictObject({
          organizationId: z.string().max(100).meta({ example: 'org_01k9x3v7tqe4m8z2c6w5r0h1jd' }),
        }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await chooseActiveOrganization(ctx, signedInUser(request), request.body.organizationId)
      return reply.code(204).send(null)
    },
  )
}

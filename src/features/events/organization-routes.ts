import { z } from 'zod'
import { memberWho } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { sendJson } from '../../http/finished.ts'
import { feedQuery } from '../../http/schemas.ts'
import { listEvents } from './events.ts'
import { EventPage, eventPage } from './schemas.ts'

export const eventRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/orgs/:org/events',
    {
      config: { permission: 'webhooks.read', errors: ['cursor_expired'] },
      schema: {
        summary: 'Events, oldest first',
        params: z.object({ org: z.string() }),
        querystring: feedQuery,
        response: { 200: EventPage },
      },
    },
    async (request, reply) =>
      sendJson(reply, eventPage(await listEvents(ctx, memberWho(request, 'webhooks.read'), request.query))),
  )
}

import { backendApp } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { sendJson } from '../../http/finished.ts'
import { feedQuery } from '../../http/schemas.ts'
import { listEvents } from './events.ts'
import { EventPage, eventPage } from './schemas.ts'

export const backendEventRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/backend/events',
    {
      config: { limit: 'events', errors: ['cursor_expired'] },
      schema: {
        summary: 'Events of the organization, oldest first: what webhooks tell, to be asked for',
        querystring: feedQuery,
        response: { 200: EventPage },
      },
    },
    async (request, reply) =>
      sendJson(reply, eventPage(await listEvents(ctx, backendApp(request), request.query))),
  )
}

import { z } from 'zod'
import { memberWho } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { ShownSubscription, shownSubscription } from './schemas.ts'
import { viewSubscription } from './subscriptions.ts'

export const subscriptionRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/orgs/:org/subscription',
    {
      config: { permission: 'billing.read' },
      schema: {
        summary: 'The plan, what it allows and what is used',
        params: z.object({ org: z.string() }),
        response: { 200: ShownSubscription },
      },
    },
    async (request) => shownSubscription(await viewSubscription(ctx, memberWho(request, 'billing.read'))),
  )
}

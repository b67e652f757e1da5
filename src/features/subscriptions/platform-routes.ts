import { z } from 'zod'
import { platformAdmin } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { changeSubscription } from './change-subscription.ts'
import { changedFields, ShownSubscription, SubscriptionChange, shownSubscription } from './schemas.ts'

export const platformSubscriptionRoutes: Routes = (app, ctx) => {
  app.patch(
    '/v1/platform/organizations/:org/subscription',
    {
      config: { limit: 'mutation', errors: ['not_found'] },
      schema: {
        summary: 'Set plan, state, seats, period and negotiated limits of an organization',
        params: z.object({ org: z.string() }),
        body: SubscriptionChange,
        response: { 200: ShownSubscription },
      },
    },
    async (request) => {
      const { org } = request.params
      const fields = changedFields(request.body)
      return shownSubscription(await changeSubscription(ctx, platformAdmin(request), org, fields))
    },
  )
}

import { backendApp } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { NewUsage, UsageCounter } from './schemas.ts'
import { recordUsage } from './usage.ts'

export const backendUsageRoutes: Routes = (app, ctx) => {
  app.post(
    '/v1/backend/usage',
    {
      config: { limit: 'usage', errors: ['subscription_inactive', 'idempotency_conflict'] },
      schema: {
        summary: 'Report what was used',
        description: 'Adds to the counter of this month and answers with it.',
        body: NewUsage,
        response: { 200: UsageCounter },
      },
    },
    async (request, reply) => {
      const { counter, isReplayed } = await recordUsage(ctx, backendApp(request), request.body)
      if (isReplayed) reply.header('idempotent-replayed', 'true')
      return counter
    },
  )
}

import { z } from 'zod'
import { invalidInput } from '../../errors.ts'
import { memberWho } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { monthsOf, ShownUsage, UsageQuery } from './schemas.ts'
import { listUsage } from './usage.ts'

export const usageRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/orgs/:org/usage',
    {
      config: { permission: 'usage.read' },
      schema: {
        summary: 'What was used, by month and metric',
        params: z.object({ org: z.string() }),
        querystring: UsageQuery,
        response: { 200: z.object({ data: z.array(ShownUsage) }) },
      },
    },
    async (request) => {
      const member = memberWho(request, 'usage.read')
      const months = monthsOf(request.query, ctx.clock())
      if (typeof months === 'string') throw invalidInput('from', months)
      return { data: await listUsage(ctx, member, months) }
    },
  )
}

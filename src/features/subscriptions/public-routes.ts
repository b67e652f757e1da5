import { z } from 'zod'
import type { Routes } from '../../http/audiences.ts'
import { planLimits } from './limits.ts'
import { listListedPlans } from './queries.ts'
import { Limits } from './schemas.ts'

const Plan = z
  .object({
    key: z.string().meta({ example: 'pro' }),
    name: z.string().meta({ example: 'Pro' }),
    intendedUse: z.string().meta({ example: 'A product with paying customers' }),
    limits: Limits,
    features: z.array(z.string().meta({ example: 'Signed webhooks' })),
  })
  .meta({ id: 'Plan' })

type PlanRow = Awaited<ReturnType<typeof listListedPlans>>[number]

const shownPlan = (row: PlanRow): z.infer<typeof Plan> => ({
  key: row.key,
  name: row.name,
  intendedUse: row.intended_use,
  limits: planLimits(row),
  features: row.features,
})

export const planRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/plans',
    { schema: { summary: 'The plans on offer', response: { 200: z.object({ data: z.array(Plan) }) } } },
    async () => ({ data: (await listListedPlans(ctx.db)).map(shownPlan) }),
  )
}

import type { LimitName, Override } from '../../db/plan-tables.ts'
import type { findSubscription } from './queries.ts'

export type Subscription = NonNullable<Awaited<ReturnType<typeof findSubscription>>>
export type Limits = Record<LimitName, number>

type PlanLimits = {
  project_limit: number
  user_limit: number
  webhook_endpoint_limit: number
  monthly_session_limit: number
}

/** The limits of a plan by the names of the API. */
export const planLimits = (plan: PlanLimits): Limits => ({
  projects: plan.project_limit,
  users: plan.user_limit,
  webhookEndpoints: plan.webhook_endpoint_limit,
  monthlySessions: plan.monthly_session_limit,
})

/** The overrides that count at the moment when the database was asked. */
export const overridesInForce = ({ overrides, asked_at }: Subscription): Override[] =>
  overrides.filter(({ expiresAt }) => expiresAt === null || new Date(expiresAt) > asked_at)

/** What the subscription allows at this moment: the plan, then its overrides, then the seats that were paid for. */
export function limitsOf(subscription: Subscription): Limits {
  const limits = planLimits(subscription)
  for (const { limit, value } of overridesInForce(subscription)) limits[limit] = value
  return { ...limits, users: Math.min(limits.users, subscription.seat_limit ?? limits.users) }
}

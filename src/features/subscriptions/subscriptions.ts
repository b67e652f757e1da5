import type { OrganizationMember } from '../../actors.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/database.ts'
import { AppError, notFound } from '../../errors.ts'
import {
  countProjects,
  countUsers,
  countWebhookEndpoints,
  findPlan,
  findProjectAllowance,
  insertFreeSubscription,
  lockSubscription,
} from './queries.ts'

const usable: string[] = ['active', 'trialing', 'past_due']

/** What a plan limits, and how its use is counted under the lock of the subscription. */
const limited = {
  projects: { limit: 'project_limit', count: countProjects, name: 'projects' },
  users: { limit: 'user_limit', count: countUsers, name: 'users' },
  webhookEndpoints: {
    limit: 'webhook_endpoint_limit',
    count: countWebhookEndpoints,
    name: 'webhook endpoints',
  },
} as const

/**
 * Asks the subscription for one more place and holds its row until COMMIT, so that of many who ask at once only as many
 * get one as there are. Throws `subscription_inactive` or `subscription_limit_exceeded`.
 */
export async function takePlace(
  ctx: Context,
  tx: Tx,
  { organizationId }: { organizationId: string },
  resource: keyof typeof limited,
) {
  const subscription = await holdSubscription(tx, { organizationId })
  refuseInactive(subscription)
  const { limit: column, count, name } = limited[resource]
  const limit = subscription[column]
  const used = await count(tx, organizationId)
  if (used < limit) return
  const message = `The ${subscription.name} plan has ${limit} ${name}, and ${used} are in use.`
  const upgradeUrl = `${ctx.config.publicBaseUrl}/auth/console`
  throw new AppError('subscription_limit_exceeded', message, {
    details: [{ path: resource, message, limit, used, planKey: subscription.key, upgradeUrl }],
  })
}

/** Locks the subscription until COMMIT, before anything it counts; of an organization that was just deleted there is none. */
export async function holdSubscription(tx: Tx, { organizationId }: { organizationId: string }) {
  const subscription = await lockSubscription(tx, organizationId)
  if (!subscription) throw notFound('organization')
  return subscription
}

/** Throws `subscription_inactive`: adding, and widening what exists, needs a subscription that is alive. */
export function refuseInactive({ status }: { status: string }): void {
  if (usable.includes(status)) return
  throw new AppError(
    'subscription_inactive',
    `The subscription is ${status}: nothing can be added until it is active.`,
  )
}

/** The subscription every new organization begins with. */
export const startFreeSubscription = (tx: Tx, organizationId: string) =>
  insertFreeSubscription(tx, organizationId)

/** How many projects the plan allows and how many there are. */
export async function projectAllowance(ctx: Context, member: OrganizationMember) {
  const row = await findProjectAllowance(ctx.db, member.organizationId)
  return {
    planName: row.plan_name,
    limit: row.project_limit,
    used: row.used ?? 0,
    isUsable: usable.includes(row.status),
  }
}

/** The name of a plan as people know it. */
export async function planNameOf(ctx: Context, planKey: string): Promise<string> {
  return (await findPlan(ctx.db, planKey)).name
}

import type { MemberWho, OrganizationMember } from '../../actors.ts'
import type { RecordEntry } from '../../change/actions.ts'
import type { Context } from '../../context.ts'
import type { Db, Tx } from '../../db/database.ts'
import type { Status } from '../../db/plan-tables.ts'
import { AppError, notFound } from '../../errors.ts'
import { isReference } from '../../lib/ids.ts'
import { type Limits, limitsOf, type Subscription } from './limits.ts'
import {
  countMonthlySessions,
  countProjects,
  countUsers,
  countWebhookEndpoints,
  findPlan,
  findSubscription,
  insertFreeSubscription,
  lockSubscription,
} from './queries.ts'
import { recordReached } from './reached-limits.ts'
import { allowsGrowth } from './states.ts'

/** What a plan limits and enforces: how its use is counted under the lock of the subscription, and its name. */
const enforced = {
  projects: { count: countProjects, name: 'projects' },
  users: { count: countUsers, name: 'users' },
  webhookEndpoints: { count: countWebhookEndpoints, name: 'webhook endpoints' },
} as const

export type Resource = keyof typeof enforced

/**
 * Asks the subscription for one more place and holds its row until COMMIT, so that of many who ask at once only as many
 * get one as there are; records what is reached by that of the limit. Throws `subscription_inactive` or `subscription_limit_exceeded`.
 */
export async function takePlace(
  ctx: Context,
  tx: Tx,
  record: RecordEntry,
  { organizationId }: { organizationId: string },
  resource: Resource,
): Promise<void> {
  const subscription = await holdSubscription(tx, { organizationId })
  refuseInactive(subscription)
  const { count, name } = enforced[resource]
  const limit = limitsOf(subscription)[resource]
  const used = await count(tx, organizationId)
  if (used < limit) return recordReached(tx, record, subscription, resource, used + 1)
  const message = `The ${subscription.name} plan has ${limit} ${name}, and ${used} are in use.`
  const upgradeUrl = `${ctx.config.publicBaseUrl}/auth/console`
  throw new AppError('subscription_limit_exceeded', message, {
    details: [{ path: resource, message, limit, used, planKey: subscription.plan_key, upgradeUrl }],
  })
}

/** Locks the subscription until COMMIT, before anything it counts; of an organization that was just deleted there is none. */
export async function holdSubscription(
  tx: Tx,
  { organizationId }: { organizationId: string },
): Promise<Subscription> {
  const subscription = isReference(organizationId) ? await lockSubscription(tx, organizationId) : undefined
  if (!subscription) throw notFound('organization')
  return subscription
}

/** Throws `subscription_inactive`: adding, and widening what exists, needs a subscription that is alive. */
export function refuseInactive({ status }: { status: Status }): void {
  if (allowsGrowth(status)) return
  throw new AppError(
    'subscription_inactive',
    `The subscription is ${status}: nothing can be added until it is active.`,
  )
}

/** The subscription of an organization that is known to exist. */
export async function getSubscription(db: Db, organizationId: string): Promise<Subscription> {
  const subscription = await findSubscription(db, organizationId)
  if (!subscription) throw notFound('organization')
  return subscription
}

/** The subscription every new organization begins with. */
export const startFreeSubscription = (tx: Tx, organizationId: string) =>
  insertFreeSubscription(tx, organizationId)

export type SubscriptionView = { subscription: Subscription; usage: Limits }

/** A subscription and what is used of each limit. */
export async function viewSubscription(ctx: Context, member: MemberWho<'billing.read'>) {
  return viewOf(ctx.db, await getSubscription(ctx.db, member.organizationId))
}

/** The same of one that was read already. */
export async function viewOf(db: Db, subscription: Subscription): Promise<SubscriptionView> {
  const { organization_id } = subscription
  const usage = {
    projects: await countProjects(db, organization_id),
    users: await countUsers(db, organization_id),
    webhookEndpoints: await countWebhookEndpoints(db, organization_id),
    monthlySessions: await countMonthlySessions(db, organization_id),
  }
  return { subscription, usage }
}

/** How many projects are allowed at this moment and how many there are. */
export async function projectAllowance(ctx: Context, member: OrganizationMember) {
  const subscription = await getSubscription(ctx.db, member.organizationId)
  return {
    planName: subscription.name,
    limit: limitsOf(subscription).projects,
    used: await countProjects(ctx.db, member.organizationId),
    isUsable: allowsGrowth(subscription.status),
  }
}

/** The name of a plan as people know it. */
export async function planNameOf(ctx: Context, planKey: string): Promise<string> {
  return (await findPlan(ctx.db, planKey))?.name ?? planKey
}

import type { PlatformAdmin } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { LimitName } from '../../db/plan-tables.ts'
import { invalidInput } from '../../errors.ts'
import { changedFrom } from '../../lib/changed-from.ts'
import { holdMonthlySessions } from '../usage/monthly-sessions.ts'
import { limitsOf, overridesInForce, type Subscription } from './limits.ts'
import { findPlan, type SubscriptionFields, updateSubscription } from './queries.ts'
import { recordReached } from './reached-limits.ts'
import { getSubscription, holdSubscription, type SubscriptionView, viewOf } from './subscriptions.ts'

// The plan of negotiated limits, which last as long as what was negotiated.
const planOfEndlessOverrides = 'scale'

/** What events tell of a subscription. */
const eventData = (row: Subscription) => ({
  planKey: row.plan_key,
  status: row.status,
  seatLimit: row.seat_limit,
  currentPeriodStart: row.current_period_start,
  currentPeriodEnd: row.current_period_end,
  limits: limitsOf(row),
  overrides: overridesInForce(row),
})

/**
 * Sets what is given of the subscription of the organization with this id or slug. What is in use stays, also where the new
 * limits are lower: then nothing can be added.
 */
export async function changeSubscription(
  ctx: Context,
  admin: PlatformAdmin,
  organization: string,
  fields: SubscriptionFields,
): Promise<SubscriptionView> {
  return change(ctx, admin, async (tx, record) => {
    const before = await holdSubscription(tx, { organizationId: organization })
    const { organization_id: organizationId } = before
    if (fields.plan_key !== undefined && !(await findPlan(tx, fields.plan_key)))
      throw invalidInput('planKey', 'is no plan')
    refuseUnfit(before, fields)
    await updateSubscription(tx, organizationId, fields)
    const after = await getSubscription(tx, organizationId)
    const data = eventData(after)
    const previous = changedFrom(eventData(before), data)
    const details = { platformAdmin: true }
    record('subscription.updated', { organizationId, target: organizationId, data, previous, details })
    // Held until COMMIT: who counts a session beside this sees the new limit, or is seen here.
    await holdMonthlySessions(tx, organizationId)
    const view = await viewOf(tx, after)
    for (const [limit, used] of Object.entries(view.usage) as [LimitName, number][])
      await recordReached(tx, record, after, limit, used)
    return view
  })
}

/** Judges what the subscription would be, with overrides that are new or were left. */
function refuseUnfit({ asked_at, ...before }: Subscription, fields: SubscriptionFields): void {
  const {
    current_period_start: start,
    current_period_end: end,
    overrides,
    plan_key,
  } = { ...before, ...fields }
  if (start !== null && end !== null && end <= start)
    throw invalidInput('currentPeriodEnd', 'must be after currentPeriodStart')
  for (const [index, { expiresAt }] of overrides.entries()) {
    const path = `overrides.${index}.expiresAt`
    if (expiresAt === null && plan_key !== planOfEndlessOverrides)
      throw invalidInput(path, `is required, but for the plan ${planOfEndlessOverrides}`)
    if (expiresAt !== null && fields.overrides && new Date(expiresAt) <= asked_at)
      throw invalidInput(path, 'must be in the future')
  }
}

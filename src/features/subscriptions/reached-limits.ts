import type { RecordEntry } from '../../change/actions.ts'
import type { Tx } from '../../db/database.ts'
import type { LimitName } from '../../db/plan-tables.ts'
import { limitsOf, type Subscription } from './limits.ts'
import { listSubscriptions } from './queries.ts'
import { insertReached } from './reached-limit-queries.ts'

const percents = [80, 100]

/**
 * Records each part of a limit that is reached, once a month for each value of the limit. Who calls holds what `used` was
 * counted under, so that of two who add at once the second sees both.
 */
export async function recordReached(
  tx: Tx,
  record: RecordEntry,
  subscription: Subscription,
  limit: LimitName,
  used: number,
): Promise<void> {
  const most = limitsOf(subscription)[limit]
  const reached = used === 0 ? [] : percents.filter((percent) => used * 100 >= most * percent)
  if (reached.length === 0) return
  const { organization_id: organizationId, plan_key: planKey } = subscription
  for (const { month, percent } of await insertReached(tx, {
    organizationId,
    limit,
    most,
    percents: reached,
  }))
    record('subscription.limit_reached', {
      organizationId,
      target: organizationId,
      data: { limit, percent, used, most, planKey, month },
    })
}

/** The same of one limit of many organizations, with what each of them used. */
export async function recordReachedOf(
  tx: Tx,
  record: RecordEntry,
  limit: LimitName,
  used: Map<string, number>,
): Promise<void> {
  for (const subscription of await listSubscriptions(tx, [...used.keys()]))
    await recordReached(tx, record, subscription, limit, used.get(subscription.organization_id) ?? 0)
}

import type { Status } from '../../db/plan-tables.ts'

/**
 * What each state of a subscription blocks: `growth` is whatever creates or widens. Reading, revoking, rotating, disabling,
 * removing, deleting, key checks and sign-in ask no subscription.
 */
export const blockedBy = {
  active: 'nothing',
  trialing: 'nothing',
  past_due: 'nothing',
  cancelled: 'growth',
  expired: 'growth',
  inactive: 'growth',
} as const satisfies Record<Status, 'nothing' | 'growth'>

export const statuses = Object.keys(blockedBy) as [Status, ...Status[]]

export const allowsGrowth = (status: Status): boolean => blockedBy[status] === 'nothing'

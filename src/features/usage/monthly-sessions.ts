import type { RecordEntry } from '../../change/actions.ts'
import type { Tx } from '../../db/database.ts'
import { recordReachedOf } from '../subscriptions/reached-limits.ts'
import { addToTotals } from './queries.ts'

type Seen = { organizationId: string; quantity: number }

/** Counts sessions that organizations saw for the first time in this month, and tells of guides that are reached by that. */
export async function countMonthlySessions(tx: Tx, record: RecordEntry, seen: Seen[]): Promise<void> {
  if (seen.length === 0) return
  const totals = await addToTotals(tx, 'monthly_sessions', seen)
  await recordReachedOf(
    tx,
    record,
    'monthlySessions',
    new Map(totals.map(({ organization_id, total }) => [organization_id, total])),
  )
}

/** How many there are in this month; holds the counter until COMMIT. */
export async function holdMonthlySessions(tx: Tx, organizationId: string): Promise<number> {
  const [counter] = await addToTotals(tx, 'monthly_sessions', [{ organizationId, quantity: 0 }])
  return counter?.total ?? 0
}

import type { MemberWho } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { withoutDeadline } from '../../lib/deadline.ts'
import { positionOf } from './audit-log.ts'
import { type AuditRow, type Position, type Search, searchAuditLog } from './search-queries.ts'

// A few hundred kilobytes: one is in memory, and the next is asked for only when the caller took it.
const batch = 250

/**
 * Puts on record that the organization's audit log leaves, then gives it in batches, newest first. Each batch is a query of its
 * own, so that a slow caller holds neither a connection nor a snapshot.
 */
export async function exportAuditLog(
  ctx: Context,
  member: MemberWho<'audit.read'>,
  format: string,
  search: Search,
): Promise<AsyncGenerator<AuditRow[]>> {
  const { organizationId } = member
  await change(ctx, member, async (_tx, record) => {
    record('audit.exported', { organizationId, target: organizationId, details: { format, filters: search } })
  })
  return batches(ctx, organizationId, search)
}

async function* batches(ctx: Context, organizationId: string, search: Search) {
  for (let before: Position | undefined; ; ) {
    const keyset = { most: batch, before }
    const rows = await withoutDeadline(() => searchAuditLog(ctx.db, [organizationId], search, keyset))
    if (rows.length > 0) yield rows
    const last = rows.at(-1)
    if (!last || rows.length < batch) return
    before = positionOf(last)
  }
}

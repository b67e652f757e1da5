import type { Context } from '../../context.ts'
import { pruneRows } from './queries.ts'

const batch = 5_000

/** Lets all rows go that had their time (AUDIT_RETENTION_DAYS), batch after batch; returns how many. */
export async function pruneAuditLog(ctx: Context): Promise<number> {
  let pruned = 0
  for (let went = -1; went !== 0; pruned += went)
    went = await pruneRows(ctx.db, ctx.config.audit.keptDays, batch)
  return pruned
}

import type { Context } from '../../context.ts'
import { pruneRows } from './queries.ts'

// As many streams, in the worst case: more are not done in the time of one statement.
export const pruneBatch = 1_000

/** Lets all rows go that had their time (AUDIT_RETENTION_DAYS), batch after batch; returns how many. */
export async function pruneAuditLog(ctx: Context): Promise<number> {
  let pruned = 0
  for (let went = -1; went !== 0; pruned += went)
    went = await pruneRows(ctx.db, ctx.config.audit.keptDays, pruneBatch)
  return pruned
}

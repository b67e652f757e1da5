import type { Context } from '../../context.ts'
import type { BatchWriter } from '../../lib/batches.ts'
import { updateLastSeen } from './queries.ts'

const preciseToMs = 60_000

const writer: BatchWriter<Context, Date> = {
  everyMs: 5_000,
  most: 50_000,
  write: (ctx, entries) => updateLastSeen(ctx.db, entries),
}

/** Notes that a session is in use, to the minute, without a write per request. */
export function noteSeen(ctx: Context, session: { id: string; last_seen_at: Date }): void {
  const now = ctx.clock()
  if (now.getTime() - session.last_seen_at.getTime() > preciseToMs) ctx.batches.add(writer, session.id, now)
}

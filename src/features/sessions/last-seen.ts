import type { Context } from '../../context.ts'
import type { BatchWriter } from '../../lib/batches.ts'
import { markSeen } from './queries.ts'

/** How long it takes at most until a use is written down. */
export const seenBatchSeconds = 5

const writer: BatchWriter<Context, true> = {
  everyMs: seenBatchSeconds * 1_000,
  most: 50_000,
  write: (ctx, entries) => markSeen(ctx.db, [...entries.keys()]),
}

/** Notes that a session is in use, to the minute, without a write per request. */
export function noteSeen(ctx: Context, session: { id: string; is_unseen: boolean }): void {
  if (session.is_unseen) ctx.batches.add(writer, session.id, true)
}

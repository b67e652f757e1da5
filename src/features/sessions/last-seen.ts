import type { Context } from '../../context.ts'
import type { BatchWriter } from '../../lib/batches.ts'
import { markSeen } from './queries.ts'

const writer: BatchWriter<Context, true> = {
  everyMs: 5_000,
  most: 50_000,
  write: (ctx, entries) => markSeen(ctx.db, [...entries.keys()]),
}

/** Notes that a session is in use, to the minute, without a write per request: once per row that was found. */
export function noteSeen(ctx: Context, session: { id: string; is_unseen: boolean }): void {
  if (!session.is_unseen) return
  session.is_unseen = false
  ctx.batches.add(writer, session.id, true)
}

import type { Context } from '../../context.ts'
import { notify } from '../../db/notices.ts'
import type { BatchWriter } from '../../lib/batches.ts'

/** What processes tell each other when there is something to deliver. */
export const deliveriesNotice = 'deliveries'

// One notice for many: those who commit with one wait for each other.
const notices: BatchWriter<Context, true> = {
  everyMs: 100,
  most: 1,
  write: (ctx) => notify(ctx.db, deliveriesNotice),
}

/** Wakes the workers of other processes, too, a moment after deliveries were made here. */
export function wakeOthers(ctx: Context): void {
  ctx.deliveriesMade.listen(() => ctx.batches.add(notices, '', true))
}

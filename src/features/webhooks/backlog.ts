import type { Context } from '../../context.ts'
import type { Db } from '../../db/database.ts'
import { findBacklog } from './backlog-queries.ts'

type Backlog = { due: number; oldestDueSeconds: number }

/** What waits to be delivered, by whatever process. */
export async function readBacklog(db: Db): Promise<Backlog> {
  const { due, oldest_seconds } = await findBacklog(db)
  return { due, oldestDueSeconds: Math.round(oldest_seconds * 10) / 10 }
}

const keptMs = 1_000
const readings = new WeakMap<Context, { backlog: Promise<Backlog>; endsAtMs: number }>()

/** The same for health checks and metrics, read once a second at most, since anybody may ask. */
export function recentBacklog(ctx: Context): Promise<Backlog> {
  const last = readings.get(ctx)
  if (last && ctx.monotonicMs() < last.endsAtMs) return last.backlog
  const reading = { backlog: readBacklog(ctx.db), endsAtMs: Number.POSITIVE_INFINITY }
  readings.set(ctx, reading)
  const end = (ms: number) => {
    reading.endsAtMs = ctx.monotonicMs() + ms
  }
  reading.backlog.then(
    () => end(keptMs),
    () => end(0),
  )
  return reading.backlog
}

import type { Db } from '../../db/database.ts'
import { findBacklog } from './backlog-queries.ts'

/** What waits to be delivered, by whatever process, for health checks and metrics. */
export async function readBacklog(db: Db): Promise<{ due: number; oldestDueSeconds: number }> {
  const { due, oldest_seconds } = await findBacklog(db)
  return { due, oldestDueSeconds: Math.round(oldest_seconds * 10) / 10 }
}

import { setTimeout as wait } from 'node:timers/promises'
import type { Arena } from './arena.ts'

/** What is waited for comes at once, as if that time were over. Nothing that is under way is touched. */
export const hurryRetries = `update webhook_deliveries set next_attempt_at = now() where id in (
  select id from webhook_deliveries where status = 'retrying' and next_attempt_at > now() for update skip locked)`

/** To be said while no process of the service lives: what they had claimed is free again. */
export const endLeases = `update webhook_deliveries set next_attempt_at = now() where status = 'delivering'`

const openDeliveries = `select count(*)::int as all, count(*) filter (where status = 'delivering')::int as claimed
  from webhook_deliveries where next_attempt_at is not null`

const lookAgainMs = 200
const patienceMs = 1_000
const longestMs = 120_000

/**
 * Waits until nothing is left to deliver, or two minutes, with retries brought forward. Where nothing is left but what was
 * claimed, and that does not move, those who claimed it may be dead or have lost the answer: then all processes are killed,
 * so that leases can be ended at once.
 */
export async function drain(arena: Arena): Promise<void> {
  const begun = performance.now()
  let left = Number.POSITIVE_INFINITY
  let movedAt = begun
  for (;;) {
    await arena.asSuperuser(hurryRetries)
    const [open] = await arena.asSuperuser(openDeliveries)
    const now = performance.now()
    if (open?.all === 0 || now - begun > longestMs) return
    if (open?.all < left) movedAt = now
    left = open?.all
    if (open?.claimed === left && now - movedAt > patienceMs) {
      for (const service of arena.services) await arena.kill(service)
      await arena.asSuperuser(endLeases)
      for (const service of arena.services) await arena.serve(service)
      movedAt = performance.now()
    }
    await wait(lookAgainMs)
  }
}

import { AsyncLocalStorage } from 'node:async_hooks'

const deadlines = new AsyncLocalStorage<number>()

/** Runs `work`, and all that it starts, with an end by the monotonic clock (`performance.now()`). */
export const withDeadline = <T>(endsAtMs: number, work: () => T): T => deadlines.run(endsAtMs, work)

/** Runs `work` as if no request had started it: what is written together for many must not end with one of them. */
export const withoutDeadline = <T>(work: () => T): T => deadlines.exit(work)

/** How long what runs here still has; infinite outside a request. */
export function remainingMs(): number {
  const endsAtMs = deadlines.getStore()
  return endsAtMs === undefined ? Number.POSITIVE_INFINITY : endsAtMs - performance.now()
}

import { AsyncLocalStorage } from 'node:async_hooks'

const deadlines = new AsyncLocalStorage<number>()

// Making a context takes as long as finding a key in memory, so requests that begin in the same moment share one.
const sharedMs = 10
let newest: { endsAtMs: number; run: <T>(work: () => T) => T } | undefined

/** Runs `work`, and all that it starts, with an end by the monotonic clock (`performance.now()`), or a moment before. */
export function withDeadline<T>(endsAtMs: number, work: () => T): T {
  const shared = Math.floor(endsAtMs / sharedMs) * sharedMs
  if (newest?.endsAtMs !== shared) {
    newest = { endsAtMs: shared, run: deadlines.run(shared, () => AsyncLocalStorage.snapshot()) }
  }
  return newest.run(work)
}

/** Runs `work` as if no request had started it: what is written together for many must not end with one of them. */
export const withoutDeadline = <T>(work: () => T): T => deadlines.exit(work)

/** How long what runs here still has; infinite outside a request. */
export function remainingMs(): number {
  const endsAtMs = deadlines.getStore()
  return endsAtMs === undefined ? Number.POSITIVE_INFINITY : endsAtMs - performance.now()
}

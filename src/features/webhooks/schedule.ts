const minute = 60
const hour = 60 * minute

/** Seconds to wait after the first failed attempt, after the second, and so on: ten attempts in about three days. */
const waitsSeconds = [
  5,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
]

/** Each wait is up to this part shorter or longer, so that what failed together does not come back together. */
const spread = 0.2

/** What the receiver answered, as far as it bears on when to try again. */
export type Refusal = { status: number | null; retryAfterSeconds?: number | undefined }

/**
 * Seconds until the next attempt, after so many that failed; undefined when that was the last. `Retry-After` of a
 * receiver that is busy lengthens the wait, to twice itself at most. `random` is `Math.random` or its like.
 */
export function waitSeconds(
  failedAttempts: number,
  { status, retryAfterSeconds = 0 }: Refusal,
  random: () => number,
): number | undefined {
  const scheduled = waitsSeconds[failedAttempts - 1]
  if (scheduled === undefined) return undefined
  const wait = scheduled * (1 - spread + 2 * spread * random())
  const isBusy = status === 429 || status === 503
  return isBusy ? Math.max(wait, Math.min(retryAfterSeconds, 2 * wait)) : wait
}

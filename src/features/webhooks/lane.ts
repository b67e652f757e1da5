import type { Context } from '../../context.ts'
import { alarm } from '../../lib/alarm.ts'
import { backoffSeconds } from '../../lib/backoff.ts'
import { type ClaimedDelivery, claimDeliveries } from './claim-queries.ts'
import { sharePlaces } from './places.ts'
import { type Turn, takeTurns } from './turns.ts'

type LaneOptions = {
  /** Whether it serves endpoints whose last attempt failed, or the others. */
  failing: boolean
  /** How many attempts may be under way, besides those that take long. */
  mostInFlight: number
  /** Most at once to an endpoint: at first, and where it takes everything. */
  places: { first: number; most: number }
  /** At most one walk over all endpoints in so many milliseconds. */
  shortestRoundMs: number
  /** Whether there is room for more attempts; asked before each claim. */
  hasRoom: () => boolean
  /** Attempts one delivery, tells whether it succeeded, and never rejects. */
  attempt: (delivery: ClaimedDelivery) => Promise<boolean>
}

export type Lane = {
  /** There may be something due somewhere. */
  wake(): void
  /** There may be a place or room again. */
  goOn(): void
  inFlight(): number
  /** When a claim last succeeded, by the monotonic clock. */
  workedAtMs(): number
  /** Claims nothing more; resolves when what is in flight is over. */
  stop(): Promise<void>
}

// More than an attempt and putting it on record can take.
const leaseSeconds = 60
// A walk over so many takes a few milliseconds.
const mostEndpoints = 128
const longestRestMs = 5_000
const shortestRestMs = 50
// Most receivers have answered long before.
const slowAfterMs = 500
// An attempt that waits costs a socket and the body it sent.
const slowPerPlace = 8

/**
 * Claims what is due as soon as there is a place for it, and attempts it, again and again until it is stopped. Endpoints take
 * turns and each has its own bound, so that neither a long queue nor a receiver that hangs keeps the others waiting. Attempts that
 * take long give their places to others, and no organization takes all, so that many that begin to hang together do not either.
 */
export function startLane(
  ctx: Context,
  { failing, mostInFlight, places, shortestRoundMs, ...lane }: LaneOptions,
): Lane {
  const bell = alarm()
  const turns = takeTurns({ places, mostEndpoints })
  const all = sharePlaces({ quick: mostInFlight, slow: slowPerPlace * mostInFlight })
  const inFlight = new Set<Promise<void>>()
  let isStopping = false
  let workedAtMs = ctx.monotonicMs()
  let walkedAtMs = Number.NEGATIVE_INFINITY
  let walksAgainAtMs = workedAtMs

  function begin(delivery: ClaimedDelivery): void {
    const turn = turns.begin(delivery)
    const place = all.take(delivery.organization_id)
    const attempt = lane.attempt(delivery).then((succeeded) => {
      clearTimeout(timer)
      turn.end(succeeded)
      place.giveBack()
      inFlight.delete(attempt)
      bell.ring()
    })
    inFlight.add(attempt)
    const timer = setTimeout(() => {
      turn.becomeSlow()
      place.becomeSlow()
      bell.ring()
    }, slowAfterMs)
  }

  // All of them may be of one organization, which must leave some to the others.
  const mostAtOnce = () => Math.ceil(all.free() / 2)

  async function claim(turn: Turn): Promise<void> {
    const begunAtMs = ctx.monotonicMs()
    const mostDeliveries = mostAtOnce()
    const { taken, next, secondsToNext } = await claimDeliveries(ctx.db, {
      ...turn,
      failing,
      mostDeliveries,
      leaseSeconds,
    })
    workedAtMs = ctx.monotonicMs()
    ctx.metrics.webhookClaims.observe((workedAtMs - begunAtMs) / 1_000)
    turns.took(turn, {
      next,
      isCut: taken.length === mostDeliveries,
      deliveries: taken,
    })
    if (secondsToNext !== null) {
      const restMs = Math.max(shortestRestMs, secondsToNext * 1_000)
      walksAgainAtMs = Math.min(walksAgainAtMs, workedAtMs + restMs)
    }
    for (const row of taken) if (row.status === 'delivering') begin(row)
  }

  async function work(): Promise<void> {
    for (let failures = 0; !isStopping; ) {
      const now = ctx.monotonicMs()
      if (now >= walksAgainAtMs) {
        turns.walk()
        walkedAtMs = now
        walksAgainAtMs = now + longestRestMs
      }
      const turn =
        all.free() > 0 && lane.hasRoom()
          ? turns.next({ full: all.full(), mostDeliveries: mostAtOnce() })
          : undefined
      if (!turn) {
        await bell.sleep(walksAgainAtMs - now)
        continue
      }
      try {
        await claim(turn)
        failures = 0
      } catch (error) {
        failures++
        ctx.log.warn({ err: error }, 'deliveries could not be claimed; trying again')
        await pause.sleep(backoffSeconds(failures, 0.1, 1) * 1_000)
      }
    }
  }

  const pause = alarm()
  const working = work()
  return {
    wake() {
      walksAgainAtMs = Math.min(walksAgainAtMs, walkedAtMs + shortestRoundMs)
      bell.ring()
    },
    goOn: bell.ring,
    inFlight: () => inFlight.size,
    workedAtMs: () => workedAtMs,
    async stop() {
      isStopping = true
      bell.ring()
      pause.ring()
      await working
      await Promise.all(inFlight)
    },
  }
}

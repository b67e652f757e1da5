import type { Context } from '../../context.ts'
import { withoutDeadline } from '../../lib/deadline.ts'
import { keepConnections } from '../../lib/safe-fetch/kept-connections.ts'
import type { ClaimedDelivery } from './claim-queries.ts'
import { type Delivered, deliver } from './deliver.ts'
import { queueDisablings } from './disablings.ts'
import { startLane } from './lane.ts'
import { releaseDeliveries } from './mark-queries.ts'
import { gatherMarks } from './marks.ts'

export type WebhookWorker = {
  /** Looks for deliveries at once, as when another process made some. */
  wake(): void
  /** Whether claims succeed, or did a moment ago. */
  isWell(): boolean
  inFlight(): number
  /** Claims nothing more, lets attempts finish for so long, and gives back what is not over by then. */
  stop(graceMs: number): Promise<void>
}

/** Of the pool that a worker needs: a burst after quiet days must not meet plans that were made for nothing. */
export const workerConnections = { poolMax: 3, plansAnew: true }

const firstPlaces = 2
// Longer than an attempt that keeps the last place.
const illAfterMs = 30_000
const recordWithinMs = 3_000
const one = { first: 1, most: 1 }

/**
 * Delivers what changes left to be delivered, together with the workers of other processes. Endpoints whose last attempt failed
 * have places of their own, one each: however many of them hang, the others wait for none. `ctx.db` is a pool of its own.
 */
export function startWebhookWorker(ctx: Context): WebhookWorker {
  const { concurrency } = ctx.config.webhooks
  const giveUp = new AbortController()
  const connections = keepConnections()
  const released: ClaimedDelivery[] = []
  const concluding = new Set<Promise<void>>()
  const marks = gatherMarks(ctx)
  const disablings = queueDisablings(ctx)

  const lanes = [false, true].map((failing) =>
    startLane(ctx, {
      failing,
      mostInFlight: failing ? Math.ceil(concurrency / 2) : concurrency,
      places: failing
        ? one
        : { first: firstPlaces, most: Math.max(firstPlaces, Math.floor(concurrency / 4)) },
      // Hardly any change concerns an endpoint that fails.
      shortestRoundMs: failing ? 200 : 0,
      hasRoom: () => concluding.size < 4 * concurrency,
      async attempt(delivery) {
        const delivered = await deliver(ctx, delivery, { signal: giveUp.signal, connections })
        ctx.metrics.webhookAttempts.add(delivered.outcome)
        if (!delivered.mark) {
          released.push(delivery)
          return false
        }
        // Not waited for: the receiver is ready for the next.
        const conclusion = conclude(delivery, delivered, failing).then(() => {
          concluding.delete(conclusion)
          for (const lane of lanes) lane.goOn()
        })
        concluding.add(conclusion)
        return delivered.outcome === 'succeeded'
      },
    }),
  )
  const wake = () => {
    for (const lane of lanes) lane.wake()
  }

  async function conclude(
    claimed: ClaimedDelivery,
    { mark, disables }: Delivered,
    failing: boolean,
  ): Promise<void> {
    const marked = mark && (await marks.add(mark))
    // Without its lease an attempt has no say: somebody ended it, and may have mended the endpoint.
    const reason = marked && (disables ?? (marked.is_hopeless ? 'failing' : undefined))
    if (reason) disablings.add(claimed, reason)
    // What else it has is the other lane's now.
    else if (failing === (mark?.outcome === 'succeeded')) wake()
  }

  const unlisten = ctx.deliveriesMade.listen(() => withoutDeadline(wake))
  return {
    wake,
    isWell: () => lanes.every((lane) => ctx.monotonicMs() - lane.workedAtMs() < illAfterMs),
    inFlight: () => lanes.reduce((sum, lane) => sum + lane.inFlight(), 0),
    async stop(graceMs) {
      unlisten()
      const gracious = setTimeout(() => giveUp.abort(), graceMs)
      await Promise.all(lanes.map((lane) => lane.stop()))
      clearTimeout(gracious)
      connections.close()
      const patient = setTimeout(() => {
        marks.giveUp()
        disablings.giveUp()
      }, recordWithinMs)
      if (released.length > 0)
        await releaseDeliveries(ctx.db, released).catch((error) =>
          ctx.log.warn({ err: error }, 'deliveries are left to their leases'),
        )
      await Promise.all(concluding)
      await disablings.done()
      clearTimeout(patient)
    },
  }
}

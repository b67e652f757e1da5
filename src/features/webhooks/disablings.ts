import { system } from '../../actors.ts'
import type { Context } from '../../context.ts'
import { type Attempted, type Disabling, disableEndpoint } from './disable-endpoint.ts'

export type Disablings = {
  add(attempted: Attempted, reason: Disabling): void
  /** Resolves when there is nothing to do. */
  done(): Promise<void>
  /** Leaves the rest to the next attempts. */
  giveUp(): void
}

const actor = system('webhook-worker')

/**
 * Switches endpoints off one after the other, however many end together: each holds a connection and waits for its stream. Where
 * that fails, the next attempt that ends like this one comes here again.
 */
export function queueDisablings(ctx: Context): Disablings {
  const waiting = new Map<string, { attempted: Attempted; reason: Disabling }>()
  let isRunning = false
  let running = Promise.resolve()

  async function work(): Promise<void> {
    isRunning = true
    for (const [endpointId, { attempted, reason }] of waiting) {
      waiting.delete(endpointId)
      await disableEndpoint(ctx, actor, attempted, reason).catch((error) =>
        ctx.log.warn({ err: error, endpointId }, 'a webhook endpoint could not be disabled'),
      )
    }
    isRunning = false
  }

  return {
    add(attempted, reason) {
      waiting.set(attempted.endpoint_id, { attempted, reason })
      if (!isRunning) running = work()
    },
    done: () => running,
    giveUp: () => waiting.clear(),
  }
}

import type { DatabaseError } from 'pg'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { alarm } from '../../lib/alarm.ts'
import { backoffSeconds } from '../../lib/backoff.ts'
import { type Mark, type Marked, markDeliveries } from './mark-queries.ts'

export type Marks = {
  /** Resolves when it is on record; with undefined when the lease had ended, or when it was given up. */
  add(mark: Mark): Promise<Marked | undefined>
  /** Leaves what is not on record yet to the leases. */
  giveUp(): void
}

const mostAtOnce = 100

type Waiting = { mark: Mark; resolve: (marked: Marked | undefined) => void }

type Queue = { add(waiting: Waiting): void; giveUp(): void }

/**
 * Puts attempts on record together. Those that were not marked lost their lease, or somebody holds their deliveries, as an owner
 * does who switches an endpoint off: they are tried again on their own, so that nobody else's wait for that.
 */
export function gatherMarks(ctx: Context): Marks {
  const held = startQueue(ctx, { waits: true }, ({ resolve }) => resolve(undefined))
  const free = startQueue(ctx, { waits: false }, held.add)
  return {
    add(mark) {
      const { promise, resolve } = Promise.withResolvers<Marked | undefined>()
      free.add({ mark, resolve })
      return promise
    },
    giveUp() {
      free.giveUp()
      held.giveUp()
    },
  }
}

/**
 * While one statement is under way the next gather. While the database is away they are kept and tried again; what is lost with
 * the process is attempted again when its lease ends.
 */
function startQueue(
  ctx: Context,
  options: { waits: boolean },
  addUnmarked: (waiting: Waiting) => void,
): Queue {
  let waiting: Waiting[] = []
  let isRunning = false
  let hasGivenUp = false
  const pause = alarm()

  async function writeAll(): Promise<void> {
    isRunning = true
    for (let failures = 0; waiting.length > 0; ) {
      const batch = waiting.slice(0, mostAtOnce)
      try {
        await write(batch)
        waiting = waiting.slice(batch.length)
        failures = 0
      } catch (error) {
        ctx.log.warn({ err: error, attempts: waiting.length }, 'attempts are not on record yet; trying again')
        if (!hasGivenUp) await pause.sleep(backoffSeconds(++failures, 0.1, 1) * 1_000)
        if (hasGivenUp) for (const { resolve } of waiting.splice(0)) resolve(undefined)
      }
    }
    isRunning = false
  }

  async function write(batch: Waiting[]): Promise<void> {
    try {
      const rows = await markDeliveries(
        ctx.db,
        batch.map(({ mark }) => mark),
        options,
      )
      const marked = new Map(rows.map((row) => [row.id, row]))
      for (const one of batch) {
        const row = marked.get(one.mark.id)
        if (row) one.resolve(row)
        else addUnmarked(one)
      }
    } catch (error) {
      if (error instanceof AppError) throw error
      // One that the database refuses must not keep the others waiting.
      if (batch.length > 1) for (const one of batch) await write([one])
      else {
        // Not the error itself: its detail is the row, with the signature and what was answered.
        const { code, constraint } = error as DatabaseError
        const deliveryId = batch[0]?.mark.id
        ctx.log.error({ code, constraint, deliveryId }, 'an attempt cannot be put on record')
        batch[0]?.resolve(undefined)
      }
    }
  }

  return {
    add(one) {
      waiting.push(one)
      if (!isRunning) void writeAll()
    },
    giveUp() {
      hasGivenUp = true
      pause.ring()
    },
  }
}

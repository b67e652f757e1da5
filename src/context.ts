import { availableParallelism } from 'node:os'
import type { Logger } from 'pino'
import { type Cache, makeCache } from './change/cache.ts'
import type { Config } from './config.ts'
import type { Db } from './db/database.ts'
import { type Batches, batches } from './lib/batches.ts'
import { type BoundedQueue, boundedQueue } from './lib/bounded-queue.ts'
import { type Cursors, cursors } from './lib/cursor.ts'
import { reseal, seal, unseal } from './lib/secrets.ts'
import { type Signal, signal } from './lib/signal.ts'
import { type Metrics, makeMetrics } from './metrics.ts'

export type Phase = 'starting' | 'ready' | 'stopping'
export type WorkerFacts = { state: 'ok' | 'unavailable' | 'disabled'; inFlight: number }

/** What a use case may touch. Deadlines that are stored are judged by the database's clock, never by `clock`. */
export type Context = {
  config: Config
  db: Db
  log: Logger
  clock: () => Date
  /** Milliseconds on a clock that nobody sets, for durations within this process. */
  monotonicMs: () => number
  /** Seals a text for one place (`purpose` names row and column); `unseal` opens it only for the same place. */
  seal: (purpose: string, plain: string) => Buffer
  unseal: (purpose: string, sealed: Uint8Array) => string
  /** Seals anew what an older key sealed; undefined where that is not needed. */
  reseal: (purpose: string, sealed: Uint8Array) => Buffer | undefined
  cursors: Cursors
  batches: Batches<Context>
  /** Answers kept in memory until what they rest on changes. */
  cache: Cache
  /** Password hashing, so bounded that a flood of sign-ins stalls nobody else. */
  hashing: BoundedQueue
  metrics: Metrics
  /** Told after the COMMIT of every change here that made deliveries to webhook endpoints. */
  deliveriesMade: Signal
  /** `starting` until the database is migrated and first start is over. */
  phase: () => Phase
  /** How the webhook worker of this process does. */
  webhookWorker: () => WorkerFacts
}

// One core stays free for everything that is not a password.
const hashesAtOnce = Math.max(1, availableParallelism() - 1)

export type ContextParts = Pick<Context, 'config' | 'db' | 'log'> &
  Partial<Pick<Context, 'clock' | 'monotonicMs' | 'phase' | 'webhookWorker'>> & {
    /** Whether every change is heard of, here and elsewhere; without it nothing is answered from memory. */
    hearsChanges?: () => boolean
  }

export function makeContext({
  config,
  db,
  log,
  clock = () => new Date(),
  monotonicMs = () => performance.now(),
  phase = () => 'ready',
  webhookWorker = () => ({ state: 'disabled', inFlight: 0 }),
  hearsChanges = () => false,
}: ContextParts): Context {
  const [sealingKey] = config.sealingKeys
  if (!sealingKey) throw new Error('no sealing key')
  const metrics = makeMetrics()
  const context: Context = {
    config,
    db,
    log,
    clock,
    monotonicMs,
    phase,
    webhookWorker,
    seal: (purpose, plain) => seal(config.sealingKeys, purpose, plain),
    unseal: (purpose, sealed) => unseal(config.sealingKeys, purpose, sealed),
    reseal: (purpose, sealed) => reseal(config.sealingKeys, purpose, sealed),
    cursors: cursors(sealingKey),
    batches: batches(
      () => context,
      (error) => log.error({ err: error }, 'a batch could not be written'),
    ),
    cache: makeCache({
      context: () => context,
      isTrusted: hearsChanges,
      onOutcome: metrics.cacheLookups.add,
    }),
    hashing: boundedQueue({ atOnce: hashesAtOnce, waiting: 64 }),
    metrics,
    deliveriesMade: signal(),
  }
  return context
}

import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { system } from './actors.ts'
import { buildApp, buildHealthApp } from './app.ts'
import type { Config } from './config.ts'
import { type Context, makeContext, type Phase, type WorkerFacts } from './context.ts'
import { openDatabase } from './db/database.ts'
import { type LocatedDatabase, locateDatabase } from './db/located-database.ts'
import { migrateUp } from './db/migrate.ts'
import { listenForChanges, type Notices } from './db/notices.ts'
import { rotateSigningKeys } from './features/sessions/signing-keys.ts'
import { type Demo, makeDemo } from './features/setup/demo.ts'
import { deliveriesNotice, wakeOthers } from './features/webhooks/wake-others.ts'
import { startWebhookWorker, type WebhookWorker, workerConnections } from './features/webhooks/worker.ts'
import { startHousekeeping } from './housekeeping.ts'
import { startMetricsServer } from './http/metrics-server.ts'
import { metricsRegistry } from './metrics-registry.ts'

/** What a process does: answer requests, deliver webhooks, or both. */
export type Parts = { api: boolean; worker: boolean }

export type Service = {
  /** Resolves when the database is migrated and requests are answered; tells of the demonstration data of a first start. */
  ready: Promise<{ demo: Demo | undefined }>
  /** Says for `drainMs` that it is about to leave, finishes what is in flight, then closes everything in the opposite order of the start. */
  stop: (drainMs: number) => Promise<void>
}

const retryMs = 1_000
// A receiver takes longer only when something is wrong with it.
const deliveriesFinishWithinMs = 3_000

/** Config → database → app → workers. Listens before the database is there: until then it answers 503, and keeps trying. */
export async function serve(config: Config, log: Logger, parts: Parts): Promise<Service> {
  const located = await locateDatabase(config, (line) => log.debug({ line }, 'postgres'))
  const open = (connections: { poolMax: number; plansAnew?: boolean }) =>
    openDatabase({
      url: located.appUrl,
      ...connections,
      onLostConnection: (error) => log.warn({ err: error }, 'a database connection was lost'),
    })
  const { db, pool, close } = open({ poolMax: config.database.poolMax })
  // Of its own, so that neither requests nor deliveries take the other's connections.
  const workers = parts.worker ? open(workerConnections) : undefined
  let phase: Phase = 'starting'
  let notices: Notices | undefined
  let worker: WebhookWorker | undefined
  const ctx = makeContext({
    config,
    db,
    log,
    phase: () => phase,
    hearsChanges: () => notices?.areComplete() ?? false,
    webhookWorker: () => workerFacts(parts, worker),
  })
  const app = parts.api ? await buildApp(ctx) : await buildHealthApp(ctx)
  let stopMetrics = async () => {}
  try {
    await app.listen({ host: config.host, port: config.port })
    if (config.metrics)
      stopMetrics = (await startMetricsServer(config.metrics, metricsRegistry(ctx, pool))).stop
  } catch (error) {
    await app.close()
    await workers?.close()
    await close()
    if (!located.isAdopted) await located.stop()
    throw error
  }
  const stopping = new AbortController()
  let stopHousekeeping = async () => {}
  const ready = prepare(ctx, located, stopping.signal).then((demo) => {
    if (!stopping.signal.aborted) {
      stopHousekeeping = startHousekeeping(ctx)
      worker = workers && startWebhookWorker({ ...ctx, db: workers.db })
      notices = hearChanges(ctx, located.appUrl, () => worker?.wake())
      wakeOthers(ctx)
      phase = 'ready'
    }
    return { demo }
  })
  // Whoever awaits it hears of a failure; a stop before that must not be an unhandled rejection.
  ready.catch(() => undefined)

  return {
    ready,
    async stop(drainMs) {
      const isKnown = phase === 'ready'
      phase = 'stopping'
      stopping.abort()
      const isDelivered = worker?.stop(Math.max(drainMs, deliveriesFinishWithinMs))
      // Nobody sends requests to one that has not been ready yet.
      if (isKnown) await wait(drainMs)
      await app.close()
      await stopHousekeeping()
      await notices?.stop()
      await ctx.batches.flush()
      await isDelivered
      await workers?.close()
      await stopMetrics()
      await close()
      await located.stop()
    },
  }
}

/** One that waits for the database has done nothing wrong yet. */
const workerFacts = (parts: Parts, worker: WebhookWorker | undefined): WorkerFacts => ({
  state: parts.worker ? ((worker?.isWell() ?? true) ? 'ok' : 'unavailable') : 'disabled',
  inFlight: worker?.inFlight() ?? 0,
})

/** Lets the cache forget what any process or person changes in the database; hears of deliveries that others made, too. */
export function hearChanges(ctx: Context, url: string, onDeliveries = () => {}): Notices {
  return listenForChanges({
    db: ctx.db,
    url,
    onChange: (tag) => (tag === deliveriesNotice ? onDeliveries() : ctx.cache.forget([tag])),
    onGap() {
      ctx.cache.forgetAll()
      onDeliveries()
    },
    onTrouble: (error) =>
      ctx.log.warn(
        { err: error },
        'changes are not heard of; every answer comes from the database meanwhile',
      ),
  })
}

/** Migrates, makes the first signing key and the demonstration data, again and again until the database lets it. */
async function prepare(
  ctx: Context,
  located: LocatedDatabase,
  signal: AbortSignal,
): Promise<Demo | undefined> {
  for (;;) {
    try {
      for (const name of await migrateUp(located)) ctx.log.info({ migration: name }, 'migration applied')
      await rotateSigningKeys(ctx, system('first-start'), { now: false })
      return ctx.config.demoData ? await makeDemo(ctx) : undefined
    } catch (error) {
      if (signal.aborted) throw error
      ctx.log.warn({ err: error }, 'the database is not ready; trying again')
      await wait(retryMs, undefined, { signal })
    }
  }
}

import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { system } from './actors.ts'
import { buildApp } from './app.ts'
import type { Config } from './config.ts'
import { type Context, makeContext, type Phase } from './context.ts'
import { openDatabase } from './db/database.ts'
import { type LocatedDatabase, locateDatabase } from './db/located-database.ts'
import { migrateUp } from './db/migrate.ts'
import { listenForChanges, type Notices } from './db/notices.ts'
import { rotateSigningKeys } from './features/sessions/signing-keys.ts'
import { type Demo, makeDemo } from './features/setup/demo.ts'
import { startHousekeeping } from './housekeeping.ts'
import { startMetricsServer } from './http/metrics-server.ts'
import { metricsRegistry } from './metrics-registry.ts'

export type Service = {
  /** Resolves when the database is migrated and requests are answered; tells of the demonstration data of a first start. */
  ready: Promise<{ demo: Demo | undefined }>
  /** Says for `drainMs` that it is about to leave, finishes what is in flight, then closes everything in the opposite order of the start. */
  stop: (drainMs: number) => Promise<void>
}

const retryMs = 1_000

/** Config → database → app → workers. Listens before the database is there: until then it answers 503, and keeps trying. */
export async function serve(config: Config, log: Logger): Promise<Service> {
  const located = await locateDatabase(config, (line) => log.debug({ line }, 'postgres'))
  const { db, pool, close } = openDatabase({
    url: located.appUrl,
    poolMax: config.database.poolMax,
    onLostConnection: (error) => log.warn({ err: error }, 'a database connection was lost'),
  })
  let phase: Phase = 'starting'
  let notices: Notices | undefined
  const ctx = makeContext({
    config,
    db,
    log,
    phase: () => phase,
    hearsChanges: () => notices?.areComplete() ?? false,
  })
  const app = await buildApp(ctx)
  let stopMetrics = async () => {}
  try {
    await app.listen({ host: config.host, port: config.port })
    if (config.metrics)
      stopMetrics = (await startMetricsServer(config.metrics, metricsRegistry(ctx, pool))).stop
  } catch (error) {
    await app.close()
    await close()
    if (!located.isAdopted) await located.stop()
    throw error
  }
  const stopping = new AbortController()
  let stopHousekeeping = async () => {}
  const ready = prepare(ctx, located, stopping.signal).then((demo) => {
    if (!stopping.signal.aborted) {
      stopHousekeeping = startHousekeeping(ctx)
      notices = hearChanges(ctx, located.appUrl)
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
      // Nobody sends requests to one that has not been ready yet.
      if (isKnown) await wait(drainMs)
      await app.close()
      await stopHousekeeping()
      await notices?.stop()
      await ctx.batches.flush()
      await stopMetrics()
      await close()
      await located.stop()
    },
  }
}

/** Lets the cache forget what any process or person changes in the database. */
export function hearChanges(ctx: Context, url: string): Notices {
  return listenForChanges({
    db: ctx.db,
    url,
    onChange: (tag) => ctx.cache.forget([tag]),
    onGap: () => ctx.cache.forgetAll(),
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

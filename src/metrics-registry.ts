import type pg from 'pg'
import { collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client'
import type { Context } from './context.ts'
import { ping } from './features/health/queries.ts'
import { recentBacklog } from './features/webhooks/backlog.ts'
import type { Series } from './lib/metric-series.ts'
import { version } from './lib/package-root.ts'
import { prefix } from './metrics.ts'

// How often the event loop's delay is sampled. A shorter time would keep a process busy that has nothing to do.
const delaySamplingMs = 50

/**
 * All that Prometheus may ask for: what the context counts, and what is looked up at that moment. Observing the process
 * costs a little from here on, so it is made where somebody can ask.
 */
export function metricsRegistry(ctx: Context, pool: pg.Pool): Registry {
  const registry = new Registry()
  for (const series of ctx.metrics.series) registry.registerMetric(asMetric(series))
  const registers = [registry]
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      name: prefix + name,
      help,
      registers,
      async collect() {
        this.set(await read())
      },
    })
  new Gauge({
    name: `${prefix}database_connections`,
    help: 'Connections of the pool by state, busy or idle.',
    labelNames: ['state'],
    registers,
    collect() {
      this.set({ state: 'busy' }, pool.totalCount - pool.idleCount)
      this.set({ state: 'idle' }, pool.idleCount)
    },
  })
  gauge('database_connections_max', 'Most connections that the pool may open.', () => pool.options.max)
  gauge(
    'database_waiting_requests',
    'Callers who wait for a connection of the pool.',
    () => pool.waitingCount,
  )
  gauge('database_up', 'Whether the database answered when this was asked.', () =>
    ping(ctx.db).then(
      () => 1,
      () => 0,
    ),
  )
  gauge('password_hash_queue_length', 'Password hashes that are computed or wait to be.', () =>
    ctx.hashing.size(),
  )
  gauge(
    'webhook_attempts_in_flight',
    'Webhooks that are being sent at this moment.',
    () => ctx.webhookWorker().inFlight,
  )
  const backlog = (part: 'due' | 'oldestDueSeconds') =>
    recentBacklog(ctx).then(
      (read) => read[part],
      () => Number.NaN,
    )
  gauge('webhook_deliveries_due', 'Deliveries that wait to be made, up to 100000.', () => backlog('due'))
  gauge(
    'webhook_oldest_due_seconds',
    'Since when the oldest of them waits, of endpoints that do not fail.',
    () => backlog('oldestDueSeconds'),
  )
  gauge('ready', 'Whether the service is ready: neither starting nor stopping.', () =>
    ctx.phase() === 'ready' ? 1 : 0,
  )
  new Gauge({ name: `${prefix}build_info`, help: 'Always 1.', labelNames: ['version'], registers }).set(
    { version },
    1,
  )
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: delaySamplingMs })
  return registry
}

/** A series in the shape in which a registry reads its metrics. */
function asMetric({ name, help, type, samples }: Series): Metric {
  const values = () => samples().map(({ suffix, ...sample }) => ({ ...sample, metricName: name + suffix }))
  const get = async () => ({ name, help, type, aggregator: 'sum', values: values() })
  return { name, help, type, get } as unknown as Metric
}

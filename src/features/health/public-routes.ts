import { z } from 'zod'
import type { Context } from '../../context.ts'
import type { Routes } from '../../http/audiences.ts'
import { version } from '../../lib/package-root.ts'
import { recentBacklog } from '../webhooks/backlog.ts'
import { ping } from './queries.ts'

const Health = z
  .object({
    status: z.enum(['ok', 'unavailable']),
    version: z.string().meta({ example: '0.1.0' }),
    checks: z.object({
      database: z.enum(['ok', 'unavailable']).optional(),
      service: z.enum(['starting', 'ready', 'stopping']),
      webhookWorker: z.enum(['ok', 'unavailable', 'disabled']),
    }),
    database: z.object({ latencyMs: z.number() }).optional(),
    webhooks: z
      .object({
        due: z.int().describe('Deliveries that wait to be made, up to 100000'),
        oldestDueSeconds: z
          .number()
          .describe('For how long the oldest of them waits, of endpoints that do not fail'),
      })
      .optional(),
    uptimeSeconds: z.number().optional(),
  })
  .meta({ id: 'Health' })

export const healthRoutes: Routes = (app, ctx) => {
  app.get(
    '/livez',
    {
      config: { limit: 'liveness', needsNoDatabase: true },
      schema: { summary: 'The process answers', response: { 200: z.object({ status: z.literal('ok') }) } },
    },
    async () => ({ status: 'ok' as const }),
  )

  app.get(
    '/healthz',
    {
      config: { limit: 'health', needsNoDatabase: true },
      schema: {
        summary: 'The service can work',
        querystring: z.object({
          verbose: z.string().optional(),
          exclude: z.enum(['database']).optional().meta({
            description: 'Judge without the database, as balancers do: no replica has a better one.',
          }),
        }),
        response: { 200: Health, 503: Health },
      },
    },
    async (request, reply) => {
      const { verbose, exclude } = request.query
      const database = exclude ? undefined : await judgeDatabase(ctx)
      const service = ctx.phase()
      const webhookWorker = ctx.webhookWorker().state
      // Those who ask without the database ask for requests, which do without the worker.
      const isWorking = webhookWorker !== 'unavailable' || exclude === 'database'
      const isOk = database?.status !== 'unavailable' && service === 'ready' && isWorking
      const details = verbose === undefined ? {} : await readDetails(ctx, database)
      return reply.code(isOk ? 200 : 503).send({
        status: isOk ? 'ok' : 'unavailable',
        version,
        checks: {
          ...(database ? { database: database.status } : {}),
          service,
          webhookWorker,
        },
        ...details,
      })
    },
  )
}

async function readDetails(ctx: Context, database?: { status: string; latencyMs: number }) {
  const uptimeSeconds = Math.round(process.uptime())
  if (!database) return { uptimeSeconds }
  const isThere = database.status === 'ok' && ctx.phase() !== 'starting'
  const backlog = isThere ? await recentBacklog(ctx).catch(() => undefined) : undefined
  return { database: { latencyMs: database.latencyMs }, ...(backlog && { webhooks: backlog }), uptimeSeconds }
}

async function judgeDatabase(ctx: Context) {
  const begun = performance.now()
  const status = await ping(ctx.db).then(
    () => 'ok' as const,
    () => 'unavailable' as const,
  )
  return { status, latencyMs: Math.round((performance.now() - begun) * 10) / 10 }
}

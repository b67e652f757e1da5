import { z } from 'zod'
import type { Routes } from '../../http/audiences.ts'
import { version } from '../../lib/package-root.ts'
import { ping } from './queries.ts'

const Health = z
  .object({
    status: z.enum(['ok', 'unavailable']),
    version: z.string().meta({ example: '0.1.0' }),
    checks: z.object({
      database: z.enum(['ok', 'unavailable']),
      service: z.enum(['starting', 'ready', 'stopping']),
      webhookWorker: z.enum(['ok', 'unavailable', 'disabled']),
    }),
    database: z.object({ latencyMs: z.number() }).optional(),
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
        querystring: z.object({ verbose: z.string().optional() }),
        response: { 200: Health, 503: Health },
      },
    },
    async (request, reply) => {
      const begun = performance.now()
      const database = await ping(ctx.db).then(
        () => 'ok' as const,
        () => 'unavailable' as const,
      )
      const latencyMs = Math.round((performance.now() - begun) * 10) / 10
      const service = ctx.phase()
      const isOk = database === 'ok' && service === 'ready'
      const ages = { database: { latencyMs }, uptimeSeconds: Math.round(process.uptime()) }
      return reply.code(isOk ? 200 : 503).send({
        status: isOk ? 'ok' : 'unavailable',
        version,
        checks: { database, service, webhookWorker: 'disabled' },
        ...(request.query.verbose === undefined ? {} : ages),
      })
    },
  )
}

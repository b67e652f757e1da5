import type { FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import type { App } from './server.ts'

/** Whether a page of this origin may read answers here; the request tells of which project. */
export type AllowsOrigin = (ctx: Context, origin: string, request: FastifyRequest) => Promise<boolean>

const lifetimeSeconds = 600

/** Answers to registered origins may be read by their pages: never `*`, never with credentials. */
export function shareWithOrigins(app: App, ctx: Context, paths: string[], allows: AllowsOrigin): void {
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers
    reply.header('vary', 'Origin')
    if (!origin || !(await allows(ctx, origin, request))) return
    reply.header('access-control-allow-origin', origin)
    reply.header(
      'access-control-expose-headers',
      'X-Request-Id, Retry-After, ETag, RateLimit-Remaining, RateLimit-Reset',
    )
    reply.header('cross-origin-resource-policy', 'cross-origin')
  })
  for (const url of paths) {
    app.options(
      url,
      { schema: { hide: true }, config: { limit: 'serviceConfig' } },
      async (_request, reply) => {
        if (reply.hasHeader('access-control-allow-origin')) {
          reply.header('access-control-allow-methods', 'GET, POST')
          reply.header('access-control-allow-headers', 'Authorization, Content-Type, X-SEQN-Publishable-Key')
          reply.header('access-control-max-age', String(lifetimeSeconds))
        }
        return reply.code(204).send()
      },
    )
  }
}

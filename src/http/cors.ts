import type { FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { type Known, whenKnown } from '../lib/when-known.ts'
import { asAppError } from './error-handler.ts'
import type { App } from './server.ts'

/** Whether a page of this origin may read answers here; the request tells of which project. */
export type AllowsOrigin = (ctx: Context, origin: string, request: FastifyRequest) => Known<boolean>

const preflightSeconds = 600
const exposed = 'X-Request-Id, ETag, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset'

type Headers = { header(name: string, value: string): unknown }

/** Lets pages of registered origins read the answers of this scope's routes: never `*`, never with credentials. */
export function shareWithOrigins(app: App, ctx: Context, allows: AllowsOrigin): void {
  const admitted = new LRUCache<string, true>({ max: 10_000 })

  const admit = (origin: string, reply: Headers) => {
    reply.header('access-control-allow-origin', origin)
    reply.header('access-control-expose-headers', exposed)
    reply.header('cross-origin-resource-policy', 'cross-origin')
  }

  const share = (request: FastifyRequest, reply: Headers, done: (error?: Error) => void) => {
    const { origin } = request.headers
    if (!origin) return done()
    const shared = whenKnown(allows(ctx, origin, request), (isAllowed) => {
      if (!isAllowed) return
      admitted.set(origin, true)
      admit(origin, reply)
    })
    if (shared instanceof Promise) shared.then(() => done(), done)
    else done()
  }

  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('vary', 'Origin')
    done()
  })
  // The limits come before the question whose origin it is; a page that was admitted before must still see that it is limited.
  app.addHook('onError', async ({ headers: { origin } }, reply, error) => {
    if (origin && admitted.has(origin) && asAppError(error).code === 'rate_limited') admit(origin, reply)
  })
  app.addHook('onRoute', (route) => {
    route.onRequest = [route.onRequest ?? [], share].flat()
    if (route.method !== 'GET' && route.method !== 'POST') return
    const { method, url } = route
    app.options(
      url,
      { schema: { hide: true, response: { 204: z.null() } }, config: { limit: 'preflight' } },
      async (_request, reply) => {
        if (reply.hasHeader('access-control-allow-origin')) {
          reply.header('access-control-allow-methods', method)
          reply.header('access-control-allow-headers', 'Authorization, Content-Type, X-SEQN-Publishable-Key')
          reply.header('access-control-max-age', String(preflightSeconds))
        }
        return reply.code(204).send(null)
      },
    )
  })
}

import { createHash } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import type { Context } from '../context.ts'
import { AppError } from '../errors.ts'
import { clientNetwork } from '../lib/client-network.ts'
import type { App } from './server.ts'

type Limit = { max: number; by: (request: FastifyRequest) => string; afterAuthentication?: true }

const address = (request: FastifyRequest) => clientNetwork(request.facts.address)
const shortHash = (text: unknown) =>
  createHash('sha256').update(String(text)).digest('base64url').slice(0, 22)

const addressAndPublishableKey = (request: FastifyRequest) => {
  const { publishable_key } = request.query as { publishable_key?: unknown }
  return `${address(request)} ${shortHash(request.headers['x-seqn-publishable-key'] ?? publishable_key)}`
}
const addressAndKeyPrefix = (request: FastifyRequest) =>
  `${address(request)} ${request.headers.authorization?.slice(0, 'Bearer sk_live_12345678'.length) ?? ''}`
const user = (request: FastifyRequest) =>
  'userId' in request.actor ? request.actor.userId : address(request)

/** Requests per window and use case. A page and a route that do the same name the same limit and share its bucket. */
export const limits = {
  liveness: { max: 600, by: address },
  health: { max: 60, by: address },
  serviceConfig: { max: 120, by: address },
  clientConfig: { max: 120, by: addressAndPublishableKey },
  backendApplication: { max: 60, by: addressAndKeyPrefix },
  login: { max: 10, by: address },
  register: { max: 10, by: address },
  reauthenticate: { max: 10, by: address },
  me: { max: 240, by: user, afterAuthentication: true },
  mutation: { max: 60, by: user, afterAuthentication: true },
} as const satisfies Record<string, Limit>

export type LimitName = keyof typeof limits

/** Counters are kept for this many callers at most (the longest unseen goes first), so that memory is bounded. */
const mostCounters = 200_000

/** Counts every route: before authentication per client address, after it also per user where the limit says so. */
export async function limitRates(app: App, ctx: Context): Promise<void> {
  const { max, windowMs, routes } = ctx.config.rateLimit
  await app.register(rateLimit, {
    global: false,
    timeWindow: windowMs,
    store: storeClass(() => ctx.clock().getTime()),
  })
  const byDefault: Limit = { max, by: address }
  const limiters = new Map<string, ReturnType<typeof limiter>>()

  function limiter(name: string, limit: Limit) {
    const count = app.createRateLimit({
      max: limit.max,
      timeWindow: windowMs,
      keyGenerator: (request) => `${name} ${limit.by(request)}`,
    })
    return async (request: FastifyRequest, reply: { header(name: string, value: unknown): unknown }) => {
      const counted = await count(request)
      if (counted.isAllowed) return
      reply.header('ratelimit-limit', counted.max)
      reply.header('ratelimit-remaining', counted.remaining)
      reply.header('ratelimit-reset', counted.ttlInSeconds)
      if (!counted.isExceeded) return
      throw new AppError('rate_limited', 'Too many requests. Wait until the time in Retry-After is over.', {
        retryAfterSeconds: counted.ttlInSeconds,
      })
    }
  }
  const shared = (name: string, limit: Limit) => {
    const known = limiters.get(name) ?? limiter(name, limit)
    limiters.set(name, known)
    return known
  }

  app.addHook('onRoute', (route) => {
    const name = route.config?.limit
    const own: Limit | undefined = name && limits[name]
    const override = routes[route.url] ?? (routes['*'] as number | undefined)
    const onRequest = own && !own.afterAuthentication ? shared : undefined
    const bucket = override === undefined ? (name ?? 'default') : `${name ?? 'default'} ${override}`
    const limit = { ...(own ?? byDefault), ...(override === undefined ? {} : { max: override }) }
    if (onRequest || !own) route.onRequest = [...listed(route.onRequest), shared(bucket, limit)]
    else {
      route.onRequest = [...listed(route.onRequest), shared('default', byDefault)]
      route.preParsing = [...listed(route.preParsing), shared(bucket, limit)]
    }
  })
}

const listed = <T>(hooks: T | T[] | undefined): T[] =>
  hooks === undefined ? [] : Array.isArray(hooks) ? hooks : [hooks]

/** A store for @fastify/rate-limit: fixed windows, one bounded map for all buckets. */
function storeClass(now: () => number) {
  const counters = new LRUCache<string, { count: number; endsAt: number }>({ max: mostCounters })
  return class Store {
    incr(
      key: string,
      callback: (error: null, result: { current: number; ttl: number }) => void,
      windowMs: number,
    ) {
      const at = now()
      let counter = counters.get(key)
      if (!counter || counter.endsAt <= at) {
        counter = { count: 0, endsAt: at + windowMs }
        counters.set(key, counter)
      }
      counter.count++
      callback(null, { current: counter.count, ttl: counter.endsAt - at })
    }
    child() {
      return this
    }
  }
}

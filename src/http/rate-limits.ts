import { createHash } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import type { Context } from '../context.ts'
import { AppError } from '../errors.ts'
import { clientNetwork } from '../lib/client-network.ts'
import type { App } from './server.ts'

type Limit = {
  max: number
  by: (request: FastifyRequest) => string
  /** The limit that counts before this one, because this one counts something that the caller can change at will. */
  first?: (request: FastifyRequest) => 'default' | 'credentials'
  afterAuthentication?: true
}

const address = (request: FastifyRequest) => clientNetwork(request.facts.address)
const shortHash = (text: unknown) =>
  createHash('sha256').update(String(text)).digest('base64url').slice(0, 22)

const addressAndPublishableKey = (request: FastifyRequest) => {
  const { publishable_key } = request.query as { publishable_key?: unknown }
  return `${address(request)} ${shortHash(request.headers['x-seqn-publishable-key'] ?? publishable_key)}`
}
const addressAndKeyPrefix = (request: FastifyRequest) =>
  `${address(request)} ${request.headers.authorization?.slice(0, 'Bearer sk_live_12345678'.length) ?? ''}`
const secretKey = ({ actor }: FastifyRequest) => (actor.kind === 'backend' ? actor.keyId : '')
// What a project asks with its tokens must not use up what the person may ask.
const user = (request: FastifyRequest) => {
  const { actor } = request
  if (actor.kind === 'project_user') return actor.projectSessionId
  return 'userId' in actor ? actor.userId : address(request)
}

const credentials = () => 'credentials' as const
const defaultOrCredentials = ({ headers }: FastifyRequest) =>
  headers.authorization === undefined ? 'default' : 'credentials'

/** Requests per window and use case. A page and a route that do the same name the same limit and share its bucket. */
export const limits = {
  /** Everything without a limit of its own; RATE_LIMIT_MAX. */
  default: { max: 240, by: address },
  liveness: { max: 600, by: address },
  health: { max: 60, by: address },
  serviceConfig: { max: 120, by: address },
  preflight: { max: 240, by: address },
  /** Keys and tokens, right or wrong: loose, because one back end may ask for many people. */
  credentials: { max: 6_000, by: address },
  clientConfig: { max: 120, by: addressAndPublishableKey, first: credentials },
  backendApplication: { max: 60, by: addressAndKeyPrefix, first: credentials },
  /** A person's browser finishes a sign-in now and then; a school behind one address may do so together. */
  appExchange: { max: 120, by: addressAndPublishableKey, first: credentials },
  /** Refreshing and ending. A back end does it for everybody who uses it, each once in a quarter of an hour. */
  appRefresh: { max: 1_200, by: addressAndPublishableKey, first: credentials },
  backendExchange: { max: 1_200, by: secretKey, first: credentials, afterAuthentication: true },
  verify: { max: 6_000, by: secretKey, first: credentials, afterAuthentication: true },
  login: { max: 10, by: address },
  register: { max: 10, by: address },
  reauthenticate: { max: 10, by: address },
  oidcLogin: { max: 30, by: address },
  oidcCallback: { max: 30, by: address },
  /** The provider's one address tells of everybody who signs out there. */
  backchannelLogout: { max: 6_000, by: address },
  me: { max: 240, by: user, first: defaultOrCredentials, afterAuthentication: true },
  mutation: { max: 60, by: user, first: () => 'default', afterAuthentication: true },
} as const satisfies Record<string, Limit>

export type LimitName = keyof typeof limits

/** Counters are kept for this many callers at most (the longest unseen goes first), so that memory is bounded. */
const mostCounters = 200_000

/** Counts every request: before authentication per client address, after it also per user where the limit says so. */
export async function limitRates(app: App, ctx: Context): Promise<void> {
  const { max, windowMs, routes } = ctx.config.rateLimit
  await app.register(rateLimit, {
    global: false,
    timeWindow: windowMs,
    store: fixedWindows(() => ctx.clock().getTime(), mostCounters),
  })

  const overridden = new Map<LimitName, number>()
  function counted(name: LimitName, url?: string) {
    const override = url === undefined ? undefined : routes[url]
    // Of a use case with a limit of its own, page and route share what either is given; a route of those that many share
    // leaves their bucket.
    const isShared = name === 'default' || name === 'mutation'
    if (override !== undefined && !isShared) overridden.set(name, override)
    const bucket = isShared && override !== undefined ? url : name
    const count = app.createRateLimit({
      max: () =>
        (isShared ? override : overridden.get(name)) ??
        routes['*'] ??
        (name === 'default' ? max : limits[name].max),
      timeWindow: windowMs,
      keyGenerator: (request) => `${bucket} ${limits[name].by(request)}`,
    })
    return async (request: FastifyRequest, reply: FastifyReply) => {
      const result = await count(request)
      if (result.isAllowed) return
      reply.header('ratelimit-limit', result.max)
      reply.header('ratelimit-remaining', result.remaining)
      reply.header('ratelimit-reset', result.ttlInSeconds)
      if (!result.isExceeded) return
      ctx.metrics.limiterRefusals.add(name)
      throw new AppError('rate_limited', 'Too many requests. Wait until the time in Retry-After is over.', {
        retryAfterSeconds: result.ttlInSeconds,
      })
    }
  }

  const guards = { default: counted('default'), credentials: counted('credentials') }
  const unseen = new Set(Object.keys(routes).filter((url) => url !== '*'))
  app.addHook('onRoute', (route) => {
    unseen.delete(route.url)
    const name = route.config?.limit ?? 'default'
    const { first, afterAuthentication }: Limit = limits[name]
    const own = counted(name, route.method === 'OPTIONS' ? undefined : route.url)
    const guard: typeof own | [] = first ? (request, reply) => guards[first(request)](request, reply) : []
    route.onRequest = [route.onRequest ?? [], guard, afterAuthentication ? [] : own].flat()
    if (afterAuthentication) route.preParsing = [route.preParsing ?? [], own].flat()
  })
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) await guards.default(request, reply)
  })
  app.addHook('onReady', async () => {
    for (const url of unseen)
      ctx.log.warn({ route: url }, 'RATE_LIMIT_ROUTES names a route that does not exist')
  })
}

type Counted = { current: number; ttl: number }

/** A store for @fastify/rate-limit: fixed windows, one map for all buckets that holds `most` counters. */
export function fixedWindows(now: () => number, most: number) {
  const counters = new LRUCache<string, { count: number; endsAt: number }>({ max: most })
  return class Store {
    static get size() {
      return counters.size
    }
    incr(key: string, callback: (error: null, result: Counted) => void, windowMs: number) {
      const at = now()
      let counter = counters.get(key)
      // An end that is further off than a window was set before the clock was put back.
      if (!counter || counter.endsAt <= at || counter.endsAt > at + windowMs) {
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

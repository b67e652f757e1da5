import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { App } from '../server.ts'
import { type Limit, type LimitName, limits } from './limits.ts'
import { memoryWindows } from './memory-windows.ts'
import { redisWindows } from './redis-windows.ts'
import type { Windows } from './windows.ts'

type Hook = (request: FastifyRequest, reply: FastifyReply, done: (refusal?: AppError) => void) => void

/** Counts every request: before authentication per client address, after it also per user where the limit says so. */
export function limitRates(app: App, ctx: Context): void {
  const { max, routes } = ctx.config.rateLimit
  const windows = windowsOf(app, ctx)
  const names = Object.keys(limits) as LimitName[]
  const most = Object.fromEntries(
    names.map((name) => [name, routes['*'] ?? (name === 'default' ? max : limits[name].max)]),
  ) as Record<LimitName, number>

  function counted(name: LimitName, { url, isGuard = false }: { url?: string; isGuard?: boolean }): Hook {
    const override = url === undefined ? undefined : routes[url]
    // Of a use case with a limit of its own, page and route share what either is given; a route of those that many share
    // leaves their bucket.
    const isShared = name === 'default' || name === 'mutation'
    if (override !== undefined && !isShared) most[name] = override
    const leaves = isShared && override !== undefined
    const count = windows(leaves ? (url as string) : name)
    const { by, and = nothing }: Limit = limits[name]
    return (request, _reply, done) =>
      count(by(request), and(request), (seen, msLeft) => {
        const limit = leaves ? override : most[name]
        const isExceeded = seen > limit
        if (isGuard && !isExceeded) return done()
        const seconds = Math.ceil(msLeft / 1_000)
        const remaining = Math.max(0, limit - seen)
        request.answerHeaders.push('ratelimit-limit', limit, 'ratelimit-remaining', remaining)
        request.answerHeaders.push('ratelimit-reset', seconds)
        if (!isExceeded) return done()
        ctx.metrics.limiterRefusals.add(name)
        done(refusal(seconds))
      })
  }

  // What comes after a guard tells its own numbers.
  const guards = {
    default: counted('default', { isGuard: true }),
    credentials: counted('credentials', { isGuard: true }),
  }
  const unknownPaths = counted('default', {})
  const unseen = new Set(Object.keys(routes).filter((url) => url !== '*'))
  app.addHook('onRoute', (route) => {
    unseen.delete(route.url)
    const name = route.config?.limit ?? 'default'
    const { first, afterAuthentication }: Limit = limits[name]
    const own = counted(name, route.method === 'OPTIONS' ? {} : { url: route.url })
    const guard: Hook[] = first
      ? [(request, reply, done) => guards[first(request)](request, reply, done)]
      : []
    route.onRequest = [route.onRequest ?? [], guard, afterAuthentication ? [] : own].flat()
    if (!afterAuthentication) return
    const ownBeforeBody = (request: FastifyRequest, reply: FastifyReply, _body: unknown, done: () => void) =>
      own(request, reply, done)
    route.preParsing = [route.preParsing ?? [], ownBeforeBody].flat()
  })
  app.addHook('onRequest', (request, reply, done) =>
    request.is404 ? unknownPaths(request, reply, done) : done(),
  )
  app.addHook('onReady', async () => {
    for (const url of unseen)
      ctx.log.warn({ route: url }, 'RATE_LIMIT_ROUTES names a route that does not exist')
  })
}

const nothing = () => ''

const refusal = (seconds: number) =>
  new AppError('rate_limited', 'Too many requests. Wait until the time in Retry-After is over.', {
    retryAfterSeconds: seconds,
  })

function windowsOf(app: App, { config, monotonicMs, log }: Context): Windows {
  const { windowMs, redisUrl } = config.rateLimit
  const memory = memoryWindows({ now: monotonicMs, windowMs })
  if (redisUrl === undefined) return memory
  const shared = redisWindows({ url: redisUrl, windowMs, memory, log })
  app.addHook('onListen', async () => shared.connect())
  app.addHook('onClose', async () => shared.close())
  return shared.windows
}

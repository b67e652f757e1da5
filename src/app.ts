import cookie from '@fastify/cookie'
import type { Context } from './context.ts'
import { AppError } from './errors.ts'
import { addAnswerHeaders, beginAnswerHeaders } from './http/answer-headers.ts'
import { mountAudience } from './http/audiences.ts'
import { rememberLatest } from './http/connection-errors.ts'
import { keepDeadlines, startDeadline } from './http/deadlines.ts'
import { handleError } from './http/error-handler.ts'
import { parseJsonBodies } from './http/json-body.ts'
import { logWhenOver } from './http/logging.ts'
import { describeApi } from './http/openapi.ts'
import { limitRates } from './http/rate-limits/rate-limits.ts'
import { noteFacts } from './http/request.ts'
import { checkRequest, refuseUnreadBodies } from './http/request-checks.ts'
import { type App, makeServer, type ServerLimits } from './http/server.ts'
import { answerUnknownRoutes } from './http/unknown-routes.ts'
import { writeTogether } from './http/write-together.ts'
import { loadPages, serveAssets } from './pages/plugin.ts'
import { audiences, healthAudience } from './routes.ts'

/** The whole HTTP service on a context. Listening and the database are `serve`'s, so tests call this too. */
export async function buildApp(ctx: Context, limits: ServerLimits = {}): Promise<App> {
  return build(ctx, limits, async (app) => {
    await describeApi(app, ctx.config)
    await serveAssets(app)
    for (const audience of audiences(loadPages())) mountAudience(app, ctx, audience)
  })
}

/** What a process without an API answers. */
export async function buildHealthApp(ctx: Context): Promise<App> {
  return build(ctx, {}, async (app) => mountAudience(app, ctx, healthAudience))
}

async function build(ctx: Context, limits: ServerLimits, mount: (app: App) => Promise<void>): Promise<App> {
  const app = makeServer(ctx, limits)
  app.setErrorHandler(handleError(ctx))
  app.decorateRequest('actor')
  app.decorateRequest('facts')
  app.decorateRequest('route')
  const firstSteps = [
    rememberLatest,
    writeTogether,
    noteFacts,
    logWhenOver(ctx.log, ctx.metrics),
    beginAnswerHeaders(ctx.config),
    checkRequest,
  ]
  // One hook for all: what Fastify does between two of them costs more than most of these.
  app.addHook('onRequest', (request, reply, done) => {
    for (const step of firstSteps) step(request, reply)
    startDeadline(request, done)
  })
  addAnswerHeaders(app)
  keepDeadlines(app)
  refuseUnreadBodies(app)
  limitRates(app, ctx)
  app.addHook('onRequest', (request, _reply, done) => {
    if (ctx.phase() === 'starting' && !request.route.config.needsNoDatabase) {
      throw new AppError('service_unavailable', 'The service is starting.', { retryAfterSeconds: 1 })
    }
    done()
  })
  parseJsonBodies(app)
  // Pages alone look at cookies other than the session's.
  await app.register(cookie, { hook: false })
  const routes = answerUnknownRoutes(app)
  await mount(app)
  app.register(async (scope: App) => routes.refuseOtherMethods(scope))
  await app.ready()
  return app
}

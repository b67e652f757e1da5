import cookie from '@fastify/cookie'
import type { Context } from './context.ts'
import { AppError } from './errors.ts'
import { mountAudience } from './http/audiences.ts'
import { limitDurations } from './http/deadlines.ts'
import { handleError } from './http/error-handler.ts'
import { parseJsonBodies } from './http/json-body.ts'
import { logRequests } from './http/logging.ts'
import { describeApi } from './http/openapi.ts'
import { limitRates } from './http/rate-limits.ts'
import { requestFacts } from './http/request.ts'
import { checkRequests } from './http/request-checks.ts'
import { addSecurityHeaders } from './http/security-headers.ts'
import { type App, makeServer, type ServerLimits } from './http/server.ts'
import { answerUnknownRoutes } from './http/unknown-routes.ts'
import { loadPages, serveAssets } from './pages/plugin.ts'
import { audiences } from './routes.ts'

/** The whole HTTP service on a context. Listening and the database are `serve`'s, so tests call this too. */
export async function buildApp(ctx: Context, limits: ServerLimits = {}): Promise<App> {
  const app = makeServer(ctx, limits)
  app.setErrorHandler(handleError)
  app.decorateRequest('actor')
  app.decorateRequest('facts')
  app.addHook('onRequest', async (request) => {
    request.facts = requestFacts(request)
    request.actor = { kind: 'anyone', request: request.facts }
  })
  limitDurations(app)
  addSecurityHeaders(app, ctx.config)
  logRequests(app, ctx.metrics)
  checkRequests(app)
  await limitRates(app, ctx)
  app.addHook('onRequest', async (request) => {
    if (ctx.phase() === 'starting' && !request.routeOptions.config.needsNoDatabase) {
      throw new AppError('service_unavailable', 'The service is starting.', { retryAfterSeconds: 1 })
    }
  })
  parseJsonBodies(app)
  await app.register(cookie)
  const routes = answerUnknownRoutes(app)
  await describeApi(app, ctx.config)
  await serveAssets(app)
  for (const audience of audiences(loadPages())) mountAudience(app, ctx, audience)
  app.register(async (scope: App) => routes.refuseOtherMethods(scope))
  await app.ready()
  return app
}

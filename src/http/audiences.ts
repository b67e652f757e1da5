import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { Actor, RequestFacts } from '../actors.ts'
import type { Context } from '../context.ts'
import { AppError, type ErrorCode } from '../errors.ts'
import { roleMay } from '../roles.ts'
import { type AllowsOrigin, shareWithOrigins } from './cors.ts'
import { refuseCrossSite } from './csrf.ts'
import type { App } from './server.ts'

export type Routes = (app: App, ctx: Context) => void

/** The part of a request that tells who calls. */
export type Incoming = {
  headers: IncomingHttpHeaders
  params: Record<string, string>
  query: Record<string, unknown>
  facts: RequestFacts
}

/** Finds out who calls, or throws what the caller must hear. */
export type Authenticate = (ctx: Context, incoming: Incoming) => Promise<Actor>

export type Audience = {
  name: string
  authenticate: Authenticate
  routes: Routes[]
  /** Callers come with our cookie: unsafe requests from other sites are refused. */
  isBrowser?: true
  /** Pages of registered origins may call these paths. */
  sharesWithOrigins?: { paths: string[]; allows: AllowsOrigin }
  /** Refusals that any route of this audience may give. */
  errors: ErrorCode[]
}

declare module 'fastify' {
  interface FastifyContextConfig {
    audience?: Audience
  }
}

/** Mounts routes into their audience, so that none can be reached without being recognised first. */
export function mountAudience(root: App, ctx: Context, audience: Audience): void {
  root.register(async (app: App) => {
    app.addHook('onRoute', (route) => {
      route.config = { ...route.config, audience }
    })
    if (audience.sharesWithOrigins) {
      shareWithOrigins(app, ctx, audience.sharesWithOrigins.paths, audience.sharesWithOrigins.allows)
    }
    // After the limits per address (onRequest), before the body is read.
    app.addHook('preParsing', async (request) => {
      if (request.method === 'OPTIONS') return
      if (audience.isBrowser && !request.headers.authorization)
        refuseCrossSite(request, new URL(ctx.config.publicBaseUrl).origin)
      const { headers, facts } = request
      const params = request.params as Record<string, string>
      const query = request.query as Record<string, unknown>
      request.actor = await audience.authenticate(ctx, { headers, params, query, facts })
      refuseWithoutPermission(request)
    })
    for (const routes of audience.routes) routes(app, ctx)
  })
}

function refuseWithoutPermission(request: FastifyRequest): void {
  const { permission } = request.routeOptions.config
  if (!permission || !('role' in request.actor) || roleMay(request.actor.role, permission)) return
  throw request.method === 'GET'
    ? new AppError('forbidden', 'Your role in this organization does not allow this.')
    : new AppError('admin_required', 'Only an admin or owner of this organization may do this.')
}

import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Actor, RequestFacts } from '../actors.ts'
import type { Context } from '../context.ts'
import { AppError, type ErrorCode } from '../errors.ts'
import { type Known, whenKnown } from '../lib/when-known.ts'
import { roleMay } from '../roles.ts'
import { type AllowsOrigin, shareWithOrigins } from './cors.ts'
import { isSafe, refuseCrossSite } from './csrf.ts'
import type { App } from './server.ts'

export type Routes = (app: App, ctx: Context) => void

/** The part of a request that tells who calls. */
export type Incoming = {
  headers: IncomingHttpHeaders
  params: Record<string, string>
  query: Record<string, unknown>
  facts: RequestFacts
}

/** Finds out who calls, or throws what the caller must hear. At once where the answer is known. */
export type Authenticate = (ctx: Context, incoming: Incoming) => Known<Actor>

type ErrorHandler = (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => unknown

export type Audience = {
  name: string
  authenticate: Authenticate
  routes: Routes[]
  /** Callers come with our cookie: unsafe requests from other sites are refused. */
  isBrowser?: true
  /** Answers are pages for people: forms come in, and errors leave as pages too. */
  pages?: { prepare: (app: App) => Promise<void>; answerErrors: (ctx: Context) => ErrorHandler }
  /** Pages of registered origins may call these routes. */
  sharesWithOrigins?: AllowsOrigin
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
    if (audience.sharesWithOrigins) shareWithOrigins(app, ctx, audience.sharesWithOrigins)
    app.addHook('preSerialization', refuseUndeclared)
    if (audience.pages) {
      await audience.pages.prepare(app)
      app.setErrorHandler(audience.pages.answerErrors(ctx))
    }
    // After the limits per address (onRequest), before the body is read.
    app.addHook('preParsing', (request, _reply, _payload, done) => {
      if (request.method === 'OPTIONS') return done()
      if (audience.pages || (audience.isBrowser && !request.headers.authorization)) {
        refuseCrossSite(request, ctx.config.publicBaseUrl, audience.pages !== undefined)
      }
      const { headers, facts } = request
      const params = request.params as Record<string, string>
      const query = request.query as Record<string, unknown>
      const admitted = whenKnown(audience.authenticate(ctx, { headers, params, query, facts }), (actor) => {
        request.actor = actor
        refuseWithoutPermission(request)
      })
      if (admitted instanceof Promise) admitted.then(() => done(), done)
      else done()
    })
    for (const routes of audience.routes) routes(app, ctx)
  })
}

/** What leaves is what a response schema names: without one for its status nothing leaves. */
async function refuseUndeclared(request: FastifyRequest, reply: FastifyReply, payload: unknown) {
  if (reply.getSerializationFunction(String(reply.statusCode))) return payload
  throw new Error(`${request.method} ${request.routeOptions.url} has no schema for ${reply.statusCode}`)
}

function refuseWithoutPermission(request: FastifyRequest): void {
  const { actor } = request
  const { permission, oneself } = request.route.config
  if (!permission || !('role' in actor) || roleMay(actor.role, permission)) return
  if (oneself && (request.params as Record<string, string>)[oneself] === actor.userId) return
  throw isSafe(request.method)
    ? new AppError('forbidden', 'Your role in this organization does not allow this.')
    : new AppError('admin_required', 'Only an admin or owner of this organization may do this.')
}

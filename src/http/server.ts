import type { IncomingMessage, ServerResponse } from 'node:http'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type RawServerDefault } from 'fastify'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Context } from '../context.ts'
import { answerClientError, answerFrameworkError, watchConnections } from './connection-errors.ts'
import { drainOnStop } from './draining.ts'
import { newRequestId } from './request.ts'

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>

/** How long a caller may take; tests shorten it. */
export type ServerLimits = { requestTimeoutMs?: number }

export const bodyLimitBytes = 64 * 1024

// Twice what `checkRequest` admits, so that all but absurd requests are refused there, with their exact code.
const parsedHeaderBytes = 32 * 1024

/** A bare Fastify with our limits: time, size, parsers, and zod as the only judge of what comes in and goes out. */
export function makeServer(ctx: Context, { requestTimeoutMs = 15_000 }: ServerLimits = {}): App {
  const app: App = Fastify({
    genReqId: newRequestId,
    requestIdHeader: false,
    trustProxy: ctx.config.trustedProxies.length > 0 ? ctx.config.trustedProxies : false,
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    // Node looks for requests over time only this often.
    http: {
      connectionsCheckingInterval: Math.min(1_000, requestTimeoutMs),
      headersTimeout: requestTimeoutMs,
      maxHeaderSize: parsedHeaderBytes,
      // Node would answer without a body; `checkRequest` asks for it instead.
      requireHostHeader: false,
    },
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    // While stopping, requests on open connections are served and then told to close.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 256, caseSensitive: true, ignoreTrailingSlash: false },
    frameworkErrors: answerFrameworkError(ctx),
    clientErrorHandler: answerClientError(ctx),
  }).withTypeProvider<ZodTypeProvider>()
  watchConnections(app, ctx)
  drainOnStop(app, ctx)
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.removeAllContentTypeParsers()
  return app
}

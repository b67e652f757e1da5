import type { FastifyReply, FastifyRequest } from 'fastify'
import { type DestinationStream, type Logger, pino } from 'pino'
import type { Context } from '../context.ts'
import type { App } from './server.ts'

const secretFields = [
  'password',
  'current_password',
  'new_password',
  'token',
  'secret',
  'secretKey',
  'authorization',
  'cookie',
]

/** JSON lines; fields that could hold a secret are cut wherever they stand, up to two levels deep. */
export function makeLogger(level: string, destination?: DestinationStream): Logger {
  const paths = secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`])
  const options = { level, base: null, redact: { paths, censor: '[redacted]' } }
  return destination ? pino(options, destination) : pino(options)
}

type Metrics = Context['metrics']

export function logRequests(app: App, metrics: Metrics): void {
  app.addHook('onRequest', async (request, reply) => logWhenOver(request, reply, metrics))
}

// Nginx' number for callers who went away before their answer; no answer ever carries it.
const clientClosedRequest = 499

/** One line and one count per request, also of one whose caller went away. The route's pattern, never the address: an address may hold a token. */
export function logWhenOver(request: FastifyRequest, reply: FastifyReply, metrics: Metrics): void {
  reply.raw.once('close', () => {
    const { actor } = request
    const { url } = request.routeOptions
    const isAborted = !reply.raw.writableFinished
    const countedStatus = isAborted ? clientClosedRequest : reply.statusCode
    metrics.observeRequest(request.method, url, countedStatus, reply.elapsedTime / 1_000)
    request.log.info(
      {
        method: request.method,
        route: url ?? 'unknown',
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime * 10) / 10,
        ...(isAborted ? { isAborted } : {}),
        ...(actor && 'userId' in actor ? { userId: actor.userId } : {}),
        ...(actor && 'organizationId' in actor ? { organizationId: actor.organizationId } : {}),
        ...(actor?.kind === 'backend' ? { keyId: actor.keyId, keyPrefix: actor.keyPrefix } : {}),
      },
      'request',
    )
  })
}

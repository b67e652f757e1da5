import type { FastifyReply, FastifyRequest } from 'fastify'
import { type DestinationStream, type Logger, pino } from 'pino'
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

export function logRequests(app: App): void {
  app.addHook('onRequest', async (request, reply) => logWhenOver(request, reply))
}

/** One line per request, also of one whose caller went away. The route's pattern, never the address: an address may hold a token. */
export function logWhenOver(request: FastifyRequest, reply: FastifyReply): void {
  reply.raw.once('close', () => {
    const { actor } = request
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url ?? 'unknown',
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime * 10) / 10,
        ...(reply.raw.writableFinished ? {} : { isAborted: true }),
        ...(actor && 'userId' in actor ? { userId: actor.userId } : {}),
        ...(actor && 'organizationId' in actor ? { organizationId: actor.organizationId } : {}),
        ...(actor?.kind === 'backend' ? { keyId: actor.keyId, keyPrefix: actor.keyPrefix } : {}),
      },
      'request',
    )
  })
}

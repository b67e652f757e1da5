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

/** One line per request. The route's pattern, never the address: an address may hold a token. */
export function logRequests(app: App): void {
  app.addHook('onResponse', async (request, reply) => logRequest(request, reply))
}

export function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const { actor } = request
  request.log.info(
    {
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
      ...(actor && 'userId' in actor ? { userId: actor.userId } : {}),
      ...(actor && 'organizationId' in actor ? { organizationId: actor.organizationId } : {}),
      ...(actor?.kind === 'backend' ? { keyId: actor.keyId } : {}),
    },
    'request',
  )
}

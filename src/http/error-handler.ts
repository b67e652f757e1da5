import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import type { Context } from '../context.ts'
import { AppError, type ErrorCode, type ErrorDetail, errorCatalogue } from '../errors.ts'
import { sendText } from './answer-headers.ts'

/** The body of every refusal. */
export function errorBody(error: AppError, requestId: string) {
  const { type } = errorCatalogue[error.code]
  const { code, message, details } = error
  return { error: { code, message, type, requestId, ...(details ? { details } : {}) } }
}

export const statusOf = (error: AppError): number => errorCatalogue[error.code].status

/** Turns whatever was thrown into a refusal of the catalogue; what is not ours becomes `internal_error` and says nothing. */
export function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  const thrown = error as FastifyError
  if (hasZodFastifySchemaValidationErrors(thrown)) {
    return new AppError('invalid_input', 'The request has fields that cannot be accepted.', {
      details: thrown.validation.flatMap(detailsOf).slice(0, mostDetails),
      cause: error,
    })
  }
  const known = frameworkErrors[thrown?.message === 'aborted' ? 'aborted' : (thrown?.code ?? '')]
  if (known) return new AppError(known[0], known[1], { cause: error })
  // Plugins refuse in words of their own: a range that does not exist, a precondition that fails.
  if (thrown?.statusCode && thrown.statusCode < 500 && (thrown as { expose?: boolean }).expose)
    return new AppError('invalid_input', 'The request cannot be answered as it asks.', { cause: error })
  return new AppError('internal_error', 'Something went wrong here. The request id helps us to find it.', {
    cause: error,
  })
}

const mostDetails = 100

type Issue = { instancePath: string; message?: string; params: Record<string, unknown> }

/** One detail per issue, but one per field where zod lists unknown fields together. */
function detailsOf({ instancePath, message = 'is not accepted', params }: Issue): ErrorDetail[] {
  const path = instancePath.split('/').filter(Boolean)
  const at = (...more: string[]) => [...path, ...more].join('.')
  if (!Array.isArray(params.keys)) return [{ path: at(), message }]
  return params.keys.map((key) => ({ path: at(String(key)), message: 'is not a known field' }))
}

const frameworkErrors: Record<string, [ErrorCode, string]> = {
  FST_ERR_BAD_URL: ['invalid_input', 'The path cannot be read.'],
  FST_ERR_MAX_PARAM_LENGTH: ['not_found', 'There is nothing on this path.'],
  FST_STATIC_FORBIDDEN_PATH: ['not_found', 'There is nothing on this path.'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['payload_too_large', 'The body is larger than this route accepts.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid_input', 'Content-Length does not fit the body.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'Send application/json.'],
  FST_ERR_CTP_EMPTY_TYPE: ['unsupported_media_type', 'Send application/json.'],
  aborted: ['request_timeout', 'The request ended before it was complete.'],
}

/** Logs what is ours to mend and says when to try again; whoever calls it then sends the body. */
export function noteError(
  { log }: Context,
  error: AppError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const facts = { requestId: request.id, err: error.cause ?? error }
  if (error.code === 'internal_error') log.error(facts, 'internal error')
  else if (statusOf(error) >= 500) log.warn(facts, error.code)
  if (error.retryAfterSeconds !== undefined) {
    reply.header('retry-after', Math.max(1, Math.ceil(error.retryAfterSeconds)))
  }
}

/** Fastify's error handler: answers everything in the one shape. */
export const handleError =
  (ctx: Context) => (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const error = asAppError(thrown)
    noteError(ctx, error, request, reply)
    // Fastify closes the connection under a body that it refuses to read, and the answer is lost to whoever still sends:
    // Node reads the rest and drops it, within the time limit.
    if (reply.hasHeader('connection')) reply.removeHeader('connection')
    sendText(reply, statusOf(error), JSON.stringify(errorBody(error, request.id)))
  }

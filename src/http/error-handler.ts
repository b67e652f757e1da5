import { maxHeaderSize, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { AppError, type ErrorCode, errorCatalogue } from '../errors.ts'
import { newRequestId } from './request.ts'

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
    const details = thrown.validation.map((issue) => ({
      path: issue.instancePath.replace(/^\//, '').replaceAll('/', '.'),
      message: issue.message ?? 'is not accepted',
    }))
    return new AppError('invalid_input', 'The request has fields that cannot be accepted.', {
      details,
      cause: error,
    })
  }
  const known = frameworkErrors[thrown?.code ?? '']
  if (known) return new AppError(known[0], known[1], { cause: error })
  return new AppError('internal_error', 'Something went wrong here. The request id helps us to find it.', {
    cause: error,
  })
}

const frameworkErrors: Record<string, [ErrorCode, string]> = {
  FST_ERR_BAD_URL: ['invalid_input', 'The path cannot be read.'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['payload_too_large', 'The body is larger than this route accepts.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid_input', 'Content-Length does not fit the body.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'Send application/json.'],
  FST_ERR_CTP_EMPTY_TYPE: ['unsupported_media_type', 'Send application/json.'],
  ECONNRESET: ['request_timeout', 'The request ended before it was complete.'],
}

/** Fastify's error handler: logs what is ours to mend, answers everything in the one shape. */
export function handleError(thrown: unknown, request: FastifyRequest, reply: FastifyReply) {
  const error = asAppError(thrown)
  const status = statusOf(error)
  if (error.code === 'internal_error')
    request.log.error({ err: error.cause, requestId: request.id }, 'internal error')
  else if (status >= 500) request.log.warn({ err: error.cause, requestId: request.id }, error.code)
  if (error.retryAfterSeconds !== undefined)
    reply.header('retry-after', Math.max(1, Math.ceil(error.retryAfterSeconds)))
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(errorBody(error, request.id))
}

/** Errors before routing (a path that cannot be decoded), for Fastify's `frameworkErrors`. */
export function answerFrameworkError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  reply.header('x-request-id', request.id)
  handleError(error, request, reply)
}

type ConnectionError = Error & { code: string; rawPacket: unknown }

/** Errors of the connection itself, before there is a request: Node's own 400, 408, 414 and 431 in our envelope. */
export function answerClientError(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const refusal = connectionError(error)
  const requestId = newRequestId()
  const body = JSON.stringify(errorBody(refusal, requestId))
  const status = statusOf(refusal)
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\nX-Request-Id: ${requestId}\r\n` +
      `X-Content-Type-Options: nosniff\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

function connectionError(error: ConnectionError): AppError {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new AppError('request_timeout', 'The request took too long to arrive.')
  if (error.code !== 'HPE_HEADER_OVERFLOW')
    return new AppError('invalid_input', 'This is not a valid HTTP request.')
  const requestLine = Buffer.isBuffer(error.rawPacket) ? error.rawPacket.indexOf('\r\n') : 0
  return requestLine < 0 || requestLine > maxHeaderSize / 2
    ? new AppError('uri_too_long', 'The address is longer than we accept.')
    : new AppError('headers_too_large', 'The headers are larger than we accept.')
}

import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import { AppError, errorCatalogue } from '../errors.ts'
import { beginAnswerHeaders } from './answer-headers.ts'
import { errorBody, handleError } from './error-handler.ts'
import { logWhenOver } from './logging.ts'
import { newRequestId } from './request.ts'
import { constantHeaders } from './security-headers.ts'
import type { App } from './server.ts'

type ConnectionError = Error & { code?: string; rawPacket?: unknown }

const lingerMs = 1_000

// The last request of each connection, because an error of the connection may be about that request.
const latest = Symbol('latest reply')
type WatchedSocket = Socket & { [latest]?: FastifyReply }

/** What Node refuses before there is a request: its own 400, 408, 414 and 431, in our envelope. For Fastify's `clientErrorHandler`. */
export const answerClientError = (ctx: Context) => (error: ConnectionError, socket: Socket) => {
  if (error.code === 'ECONNRESET') socket.destroy()
  else answer(ctx, socket, refusalFor(error))
}

export function rememberLatest(request: FastifyRequest, reply: FastifyReply): void {
  const socket: WatchedSocket = request.raw.socket
  socket[latest] = reply
}

/** What else Node would answer by itself and without a body. */
export function watchConnections(app: App, ctx: Context): void {
  app.server.on('connect', (_request, socket: Socket) =>
    answer(ctx, socket, new AppError('method_not_allowed', 'This is not a proxy.')),
  )
  // An expectation that we do not know may be ignored; Node answers 417.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
}

function answer({ config, log, metrics }: Context, socket: Socket, refusal: AppError): void {
  const reply = (socket as WatchedSocket)[latest]
  const isOfRequest = reply !== undefined && !reply.raw.req.complete
  // Bytes beside or in front of an answer would be taken for a part of it, or for another request's answer.
  const isInTheWay = reply && (isOfRequest ? reply.raw.headersSent : !reply.raw.writableFinished)
  if (!socket.writable || isInTheWay) return void socket.destroy()
  const requestId = isOfRequest ? reply.request.id : newRequestId()
  const { status } = errorCatalogue[refusal.code]
  const body = JSON.stringify(errorBody(refusal, requestId))
  const headers = {
    ...constantHeaders(config),
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
  // Time to read the answer, for a caller who may still be sending; closed at once, it could be lost.
  setTimeout(() => socket.destroy(), lingerMs).unref()
  // A request that had begun logs its own end.
  if (isOfRequest) reply.code(status)
  else {
    metrics.observeRequest('unknown', undefined, status, 0)
    log.info({ requestId, route: 'unknown', status }, 'request')
  }
}

// As far as one packet tells: a request that starts with more address than `checkRequest` admits.
const longUrl = /^[A-Z]+ \S{8192}/

function refusalFor({ code, rawPacket }: ConnectionError): AppError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new AppError('request_timeout', 'The request took too long to arrive.')
  if (code !== 'HPE_HEADER_OVERFLOW')
    return new AppError('invalid_input', 'This is not a valid HTTP request.')
  const isLongUrl = Buffer.isBuffer(rawPacket) && longUrl.test(rawPacket.toString('latin1'))
  return isLongUrl
    ? new AppError('uri_too_long', 'The address is longer than we accept.')
    : new AppError('headers_too_large', 'The headers are larger than we accept.')
}

/** Errors of the path before routing (it cannot be decoded, or a part of it is endless), for Fastify's `frameworkErrors`; no hook runs then. */
export const answerFrameworkError = (ctx: Context) => {
  const logOver = logWhenOver(ctx.log, ctx.metrics)
  const beginHeaders = beginAnswerHeaders(ctx.config)
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    beginHeaders(request)
    // Fastify decorates no reply of these.
    reply.isLastOfConnection = () => false
    logOver(request, reply)
    handleError(ctx)(error, request, reply)
  }
}

import type { FastifyRequest } from 'fastify'
import { AppError, invalidInput } from '../errors.ts'
import type { App } from './server.ts'

const longestUrl = 8 * 1024
const mostHeaderCharacters = 16 * 1024

/** Refuses what no route wants to see, before a byte of the body is read. */
export function checkRequest(request: FastifyRequest): void {
  const { headers, raw } = request
  if (request.originalUrl.length > longestUrl)
    throw new AppError('uri_too_long', 'The address is longer than we accept.')
  if (charactersIn(raw.rawHeaders) > mostHeaderCharacters)
    throw new AppError('headers_too_large', 'The headers are larger than we accept.')
  if (headers.host === undefined && raw.httpVersion === '1.1')
    throw new AppError('invalid_input', 'The Host header is missing.')
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity')
    throw new AppError('unsupported_media_type', 'Compressed bodies are not accepted.')
  if (isBodyless(request) && hasBody(request))
    throw new AppError('invalid_input', `A ${request.method} request has no body.`)
}

/** A route that takes no body says so to whoever sends one. */
export function refuseUnreadBodies(app: App): void {
  // Without a schema nothing looks at the body: what is in it would be dropped without a word.
  app.addHook('preValidation', ({ body, route }, _reply, done) => {
    if (body !== undefined && body !== null && !route.schema?.body) refuseFields(body)
    done()
  })
}

function refuseFields(body: unknown): void {
  const isObject = typeof body === 'object' && !Array.isArray(body)
  const [field] = isObject ? Object.keys(body as object) : ['']
  if (field !== undefined) throw invalidInput(field, 'is not known here: this route takes no body')
}

function charactersIn(texts: string[]): number {
  let sum = 0
  for (const text of texts) sum += text.length
  return sum
}

const isBodyless = ({ method }: FastifyRequest) => method === 'GET' || method === 'HEAD'

const hasBody = ({ headers }: FastifyRequest) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

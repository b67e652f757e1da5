import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { sha256 } from '../lib/secrets.ts'

/** What `sendCacheable` answers beside 200; belongs to the response schemas of such a route. */
export const notModified = { 304: z.null() }

/** Sends a body with its ETag, or 304 when the caller has it already. */
export function sendCacheable(
  request: FastifyRequest,
  reply: FastifyReply,
  body: object,
  cacheControl: string,
) {
  const etag = `"${sha256(JSON.stringify(body)).toString('base64url').slice(0, 27)}"`
  reply.header('etag', etag).header('cache-control', cacheControl)
  const known = (request.headers['if-none-match'] ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
  return known.includes(etag) || known.includes('*') ? reply.code(304).send() : reply.send(body)
}

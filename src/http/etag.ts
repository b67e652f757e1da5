import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { sha256Text } from '../lib/secrets.ts'
import { sendText, setAnswerHeader } from './answer-headers.ts'
import { sendJson } from './finished.ts'

/** What `sendCacheable` answers beside 200; belongs to the response schemas of such a route. */
export const notModified = { 304: z.null() }

export type Cacheable = { text: string; etag: string }

/** A text of `asJson` with its ETag. */
export function cacheable(text: string): Cacheable {
  return { text, etag: `"${sha256Text(text).slice(0, 27)}"` }
}

/** Sends a body with its ETag, or 304 when the caller has it already. */
export function sendCacheable(
  request: FastifyRequest,
  reply: FastifyReply,
  { text, etag }: Cacheable,
  cacheControl: string,
): void {
  setAnswerHeader(request, 'etag', etag)
  setAnswerHeader(request, 'cache-control', cacheControl)
  const known = request.headers['if-none-match']
  if (known !== undefined && isKnown(known, etag)) sendText(reply, 304)
  else sendJson(reply, text)
}

function isKnown(stated: string, etag: string): boolean {
  if (stated === etag) return true
  const tags = stated.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(etag) || tags.includes('*')
}

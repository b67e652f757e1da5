import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { Actor, RequestFacts } from '../actors.ts'
import type { ErrorCode } from '../errors.ts'
import { canonicalAddress } from '../lib/canonical-address.ts'
import { randomToken } from '../lib/secrets.ts'
import type { Permission } from '../roles.ts'
import type { LimitName } from './rate-limits/limits.ts'

declare module 'fastify' {
  interface FastifyRequest {
    actor: Actor
    facts: RequestFacts
    /** Fastify's `routeOptions`, which it makes anew whenever it is asked. */
    route: FastifyRequest['routeOptions']
  }
  interface FastifyContextConfig {
    /** The bucket this route counts in; without one, the default per client address. */
    limit?: LimitName
    /** What the caller's role must allow; every route under `/v1/orgs/:org` has one. */
    permission?: Permission
    /** The parameter of the path that names a person: about oneself this may be asked without the permission. */
    oneself?: 'user'
    /** Codes a caller must expect here beside those of the audience and of validation. */
    errors?: ErrorCode[]
    /** Answered while the service is starting, too. */
    needsNoDatabase?: true
    /** An `Idempotency-Key` is accepted. */
    isIdempotent?: boolean
  }
}

const start = randomToken(6)
let count = 0

/** Unique per request and cheap: a random start of the process and a counter. */
export function newRequestId(_request?: IncomingMessage): string {
  return `req_${start}${(++count).toString(36).padStart(6, '0')}`
}

/** The client's address, through trusted proxies only; a forwarded text that is no address counts as the proxy's own. */
export function clientAddress(request: FastifyRequest): string {
  return canonicalAddress(request.ip) ?? canonicalAddress(request.socket.remoteAddress ?? '') ?? '127.0.0.1'
}

/** Until somebody is recognised, anyone calls. */
export function noteFacts(request: FastifyRequest): void {
  request.route = request.routeOptions
  const userAgent = request.headers['user-agent']?.slice(0, 512) ?? null
  request.facts = { id: request.id, address: clientAddress(request), userAgent }
  request.actor = { kind: 'anyone', request: request.facts }
}

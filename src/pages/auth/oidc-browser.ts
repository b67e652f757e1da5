import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../../context.ts'
import { randomToken } from '../../lib/secrets.ts'

const cookieName = (ctx: Context) => (ctx.config.session.cookieSecure ? '__Host-seqn_oidc' : 'seqn_oidc')
// As long as a state lives.
const maxAge = 600

/** The token that binds sign-ins at the provider to this browser. Tabs share it, so that they may finish in any order. */
export function browserToken(ctx: Context, request: FastifyRequest): string | undefined {
  const known = request.cookies[cookieName(ctx)]
  return known && /^[\w-]{43}$/.test(known) ? known : undefined
}

/** The same, made if need be, and kept for another ten minutes. */
export function keepBrowserToken(ctx: Context, request: FastifyRequest, reply: FastifyReply): string {
  const token = browserToken(ctx, request) ?? randomToken()
  const secure = ctx.config.session.cookieSecure
  // Lax: it has to come along when the provider sends the browser back.
  reply.setCookie(cookieName(ctx), token, { path: '/', httpOnly: true, secure, sameSite: 'lax', maxAge })
  return token
}

const purpose = (token: string) => `what the provider brings back to ${token}`

/** A text as `state` for the provider, which only this browser can bring back: an address may hold a token. */
export function sealForReturn(
  ctx: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  text: string,
): string {
  return ctx.seal(purpose(keepBrowserToken(ctx, request, reply)), text).toString('base64url')
}

/** The text again; undefined for what this browser did not take along. */
export function openOnReturn(ctx: Context, request: FastifyRequest, state: unknown): string | undefined {
  const token = browserToken(ctx, request)
  if (token === undefined || typeof state !== 'string') return undefined
  try {
    return ctx.unseal(purpose(token), Buffer.from(state, 'base64url'))
  } catch {
    return undefined
  }
}

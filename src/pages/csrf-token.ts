import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import { AppError } from '../errors.ts'
import { equalSecrets, randomToken } from '../lib/secrets.ts'
import { type FormBody, typed } from './forms.ts'

const cookieName = (ctx: Context) => (ctx.config.session.cookieSecure ? '__Host-seqn_form' : 'seqn_form')

/** The token of this browser's sign-in forms: nobody can sign a stranger's browser in without having read it. */
export function formToken(ctx: Context, request: FastifyRequest, reply: FastifyReply): string {
  const known = request.cookies[cookieName(ctx)]
  if (known && /^[\w-]{43}$/.test(known)) return known
  const token = randomToken()
  const secure = ctx.config.session.cookieSecure
  reply.setCookie(cookieName(ctx), token, { path: '/', httpOnly: true, secure, sameSite: 'lax' })
  return token
}

/** Throws `403 csrf_rejected` when the form does not carry the token of this browser. */
export function requireFormToken(ctx: Context, request: FastifyRequest): void {
  const known = request.cookies[cookieName(ctx)]
  if (known && equalSecrets(known, typed(request.body as FormBody, 'csrf_token'))) return
  throw new AppError(
    'csrf_rejected',
    'This form is not from this browser, or cookies are off. Open the page again.',
  )
}

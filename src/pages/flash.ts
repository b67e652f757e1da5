import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import type { Flash } from './ui/toast.tsx'

const name = 'seqn_flash'

const attributes = (ctx: Context) =>
  ({ path: '/', httpOnly: true, secure: ctx.config.session.cookieSecure, sameSite: 'lax' }) as const

/** Leaves a word for the next page of this browser; never a secret. */
export function leaveFlash(ctx: Context, reply: FastifyReply, flash: Flash): void {
  const value = Buffer.from(JSON.stringify(flash)).toString('base64url')
  reply.setCookie(name, value, { ...attributes(ctx), maxAge: 60 })
}

/** Takes the word that was left, once. */
export function takeFlash(ctx: Context, request: FastifyRequest, reply: FastifyReply): Flash | undefined {
  const value = request.cookies[name]
  if (!value) return undefined
  reply.clearCookie(name, attributes(ctx))
  try {
    const { title, text, tone } = JSON.parse(Buffer.from(value, 'base64url').toString('utf8'))
    return {
      title: String(title),
      text: text === undefined ? undefined : String(text),
      tone: tone === 'bad' ? 'bad' : 'ok',
    }
  } catch {
    return undefined
  }
}

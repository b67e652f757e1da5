import type { IncomingHttpHeaders } from 'node:http'
import '@fastify/cookie'
import type { FastifyReply } from 'fastify'
import type { Config } from '../config.ts'

const secureName = '__Host-seqn_session'
const plainName = 'seqn_session'

const cookieName = (config: Config) => (config.session.cookieSecure ? secureName : plainName)

/** The token of our session cookie; undefined when it is absent or when its name occurs twice (then no one can tell whose it is). */
export function sessionToken(config: Config, headers: IncomingHttpHeaders): string | undefined {
  const name = cookieName(config)
  const values = (headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  return values.length === 1 ? values[0] : undefined
}

export function setSessionCookie(reply: FastifyReply, config: Config, token: string): void {
  const { cookieSecure: secure, cookieSameSite, absoluteDays } = config.session
  const sameSite = cookieSameSite === 'Strict' ? 'strict' : 'lax'
  reply.setCookie(cookieName(config), token, {
    path: '/',
    httpOnly: true,
    secure,
    sameSite,
    maxAge: absoluteDays * 86_400,
  })
}

export function clearSessionCookie(reply: FastifyReply, config: Config): void {
  const { cookieSecure: secure, cookieSameSite } = config.session
  const sameSite = cookieSameSite === 'Strict' ? 'strict' : 'lax'
  reply.clearCookie(cookieName(config), { path: '/', httpOnly: true, secure, sameSite })
}

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
  writeCookie(reply, config, token, { maxAge: config.session.absoluteDays * 86_400 })
}

export function clearSessionCookie(reply: FastifyReply, config: Config): void {
  writeCookie(reply, config, '', { maxAge: 0, expires: new Date(1) })
}

/** As a header at once: `setCookie` would wait for a hook that no refusal comes past, and the token is another by now. */
function writeCookie(
  reply: FastifyReply,
  config: Config,
  value: string,
  end: { maxAge: number; expires?: Date },
): void {
  const { cookieSecure: secure, cookieSameSite } = config.session
  const sameSite = cookieSameSite === 'Strict' ? 'strict' : 'lax'
  const attributes = { path: '/', httpOnly: true, secure, sameSite, ...end } as const
  reply.header('set-cookie', reply.server.serializeCookie(cookieName(config), value, attributes))
}

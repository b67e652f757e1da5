import ipaddr from 'ipaddr.js'
import { z } from 'zod'

/** `on`, `true`, `1` or `off`, `false`, `0`. */
export const flag = z
  .enum(['on', 'off', 'true', 'false', '1', '0'], 'must be on or off')
  .transform((text) => ['on', 'true', '1'].includes(text))

export function wholeNumber(least: number, most: number) {
  return z
    .string()
    .refine(
      (text) => /^\d{1,12}$/.test(text) && Number(text) >= least && Number(text) <= most,
      `must be a whole number from ${least} to ${most}`,
    )
    .transform(Number)
}

export function url(...protocols: string[]) {
  const allowed = protocols.map((protocol) => `${protocol}//`).join(' or ')
  return z.string().refine((text) => protocols.includes(URL.parse(text)?.protocol ?? ''), {
    error: `must be a URL with ${allowed}`,
    abort: true,
  })
}

/** A Redis, and which of its databases; how to talk to it is not for the URL to say. */
export const redisUrl = url('redis:', 'rediss:').refine((text) => {
  const { hostname, pathname, search, hash, username, password } = new URL(text)
  const isPlain = hostname !== '' && /^(\/\d*)?$/.test(pathname) && search === '' && hash === ''
  return isPlain && isDecodable(username) && isDecodable(password)
}, 'must be redis://user:password@host:port/number')

function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text) !== undefined
  } catch {
    return false
  }
}

/** The address that callers see: an origin without a path, kept without its trailing slash. */
export function baseUrl(...protocols: string[]) {
  return url(...protocols)
    .refine(
      (text) => ['', '/'].includes(text.slice(URL.parse(text)?.origin.length)),
      'must be an origin without a path',
    )
    .transform((text) => new URL(text).origin)
}

const separated = (text: string) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

const isLoopback = (hostname: string) =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)

/** The address of an OpenID provider, kept to the letter: https, or http on this machine where `allowsLoopback`. */
export function issuer(allowsLoopback: boolean) {
  return url('https:', 'http:')
    .refine(
      (text) => {
        const { protocol = '', hostname = '' } = URL.parse(text) ?? {}
        return protocol === 'https:' || (allowsLoopback && isLoopback(hostname))
      },
      `must be a URL with https://${allowsLoopback ? ', but on localhost' : ''}`,
    )
    .refine((text) => !/[?#@]/.test(text), 'must have no query, fragment or user')
}

export const signInMethods = ['oidc', 'password'] as const

/** `oidc`, `password` or both, separated by commas. */
export const authMethods = z
  .string()
  .transform((text) => [...new Set(separated(text))])
  .pipe(
    z.array(z.enum(signInMethods, 'must be oidc, password or both')).min(1, 'must be oidc, password or both'),
  )

/** Words separated by commas, at least one. */
export const words = z
  .string()
  .transform(separated)
  .refine((items) => items.length > 0, 'must be words separated by commas')

/** OAuth scopes, separated by spaces. */
export const scopes = z
  .string()
  .transform((text) => text.split(/[\s,]+/).filter((scope) => scope !== ''))
  .refine((items) => items.includes('openid'), 'must be scopes separated by spaces, openid among them')

// A bare number is an IPv4 address to some parsers; who writes `1` means a count of proxies, which is not what we take.
const isAddressOrRange = (item: string) =>
  (ipaddr.isValid(item) || ipaddr.isValidCIDR(item)) &&
  (item.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(item.split('/')[0] ?? ''))

/** Addresses or CIDR ranges, separated by commas. */
export const proxies = z
  .string()
  .transform(separated)
  .refine((items) => items.every(isAddressOrRange), 'must be addresses or CIDR ranges separated by commas')

/** Whether a secret was plainly not drawn at random: an example, something repeated, a row of the keyboard or alphabet. */
const isWeak = (text: string) =>
  new Set(text).size < 10 || /change.?me|example|placeholder|(.{6,})\1|12345678|abcdefgh|qwertyui/i.test(text)

/** One secret or several, newest first; each at least 32 characters. */
export const secrets = z
  .string('is missing: at least 32 random characters')
  .transform(separated)
  .refine(
    (items) => items.length > 0 && items.every((item) => item.length >= 32),
    'must have at least 32 characters',
  )
  .refine(
    (items) => !items.some(isWeak),
    'is weak: draw it at random, for example with: openssl rand -base64 48',
  )

/** One key or several, newest first; each 32 bytes in base64. */
export const sealingKeys = z
  .string('is missing: 32 random bytes in base64')
  .transform((text) => separated(text).map((item) => Buffer.from(item, 'base64')))
  .refine((keys) => keys.length > 0 && keys.every((key) => key.length === 32), 'must be 32 bytes in base64')
  .refine(
    (keys) => keys.every((key) => new Set(key).size >= 12),
    'is weak: draw it at random, for example with: openssl rand -base64 32',
  )

/** `/v1/config=500,*=1000`: a limit per route pattern; `*` is for every route that is not named. */
export const rateLimitRoutes = z
  .string()
  .refine(
    (text) => separated(text).every((pair) => /^(\*|\/[^=]*)=\d{1,8}$/.test(pair)),
    'must be route=max pairs separated by commas',
  )
  .transform((text) =>
    Object.fromEntries(
      separated(text).map((pair) => {
        const at = pair.lastIndexOf('=')
        return [pair.slice(0, at), Number(pair.slice(at + 1))]
      }),
    ),
  )

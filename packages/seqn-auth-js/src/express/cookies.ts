import { base64Url, fromBase64, utf8 } from '../bytes.js'
import type { Place } from './place.js'
import type { SeqnAuthRequest, SeqnAuthResponse } from './shapes.js'

// With this prefix a browser takes a cookie from this very host only, not from a neighbour of the same domain.
const fullName = (name: string, { isSecure }: Place) => (isSecure ? `__Host-${name}` : name)

function pairs({ headers }: SeqnAuthRequest): [name: string, value: string][] {
  const text = [headers.cookie ?? []].flat().join(';')
  return text.split(';').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at < 0 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()]]
  })
}

/** The names, without prefix, of the cookies that start like this. */
export const cookieNames = (req: SeqnAuthRequest, place: Place, start: string) =>
  pairs(req)
    .map(([name]) => name)
    .filter((name) => name.startsWith(fullName(start, place)))
    .map((name) => name.slice(fullName('', place).length))

/** What a cookie of ours holds; undefined when it is missing, unreadable or there twice. */
export function readCookie<Value>(req: SeqnAuthRequest, place: Place, name: string): Value | undefined {
  const [pair, twin] = pairs(req).filter(([found]) => found === fullName(name, place))
  const bytes = pair && !twin ? fromBase64(pair[1]) : undefined
  try {
    return bytes && JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}

/** Adds a cookie that scripts cannot read and other sites cannot send along. */
export function setCookie(
  res: SeqnAuthResponse,
  place: Place,
  name: string,
  { value, maxAgeSeconds }: { value: unknown; maxAgeSeconds: number },
) {
  const text = value === undefined ? '' : base64Url(utf8(JSON.stringify(value)))
  const cookie = `${fullName(name, place)}=${text}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax`
  const before = [(res.getHeader('Set-Cookie') as string | string[] | undefined) ?? []].flat()
  res.setHeader('Set-Cookie', [...before, place.isSecure ? `${cookie}; Secure` : cookie])
}

/** Takes a cookie away. */
export const clearCookie = (res: SeqnAuthResponse, place: Place, name: string) =>
  setCookie(res, place, name, { value: undefined, maxAgeSeconds: 0 })

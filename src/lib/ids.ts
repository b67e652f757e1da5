import { randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const timeLength = 10
const randomLength = 16

export type IdPrefix =
  | 'usr'
  | 'org'
  | 'app'
  | 'key'
  | 'mem'
  | 'inv'
  | 'ses'
  | 'whe'
  | 'evt'
  | 'dlv'
  | 'aud'
  | 'pky'
  | 'tbr'

/** An opaque id such as `org_01k…`: 48 bits of milliseconds and 80 random bits in Crockford's base 32, so that ids sort by creation. */
export function newId(prefix: IdPrefix, now = Date.now()): string {
  let random = ''
  for (const byte of randomBytes(randomLength)) random += alphabet[byte & 31]
  return `${earliestId(prefix, now)}${random}`
}

/** What sorts before all ids that are made at this millisecond or later, and behind all that were made before. */
export function earliestId(prefix: IdPrefix, at: number): string {
  let time = ''
  for (let rest = Math.max(0, at), i = 0; i < timeLength; i++, rest = Math.floor(rest / 32))
    time = alphabet[rest % 32] + time
  return `${prefix}_${time}`
}

/** Whether a text could be an id of this kind; decides without a query. */
export function isId(prefix: IdPrefix, text: string): boolean {
  return text.startsWith(`${prefix}_`) && /^[0-9a-hjkmnp-tv-z]{26}$/.test(text.slice(prefix.length + 1))
}

/** Whether a text could be an id or a slug at all: what cannot is as unknown as what does not exist, and never reaches Postgres. */
export function isReference(text: string): boolean {
  return /^[a-z0-9_-]{1,100}$/.test(text)
}

import { checksum, hasValidChecksum } from '../../lib/checksum.ts'
import { randomLetters } from '../../lib/secrets.ts'

const publishableLength = 26
const secretLength = 42
const shownLength = 8

function newKey(prefix: 'pk_live_' | 'sk_live_', length: number): string {
  const key = prefix + randomLetters(length)
  return key + checksum(key)
}

/** A key for browsers: 134 random bits and a checksum. */
export const newPublishableKey = () => newKey('pk_live_', publishableLength)

/** A key for back ends: 217 random bits and a checksum. */
export const newSecretKey = () => newKey('sk_live_', secretLength)

/** The part of a secret key that may be shown and looked up: `sk_live_` and eight characters. */
export const shownPrefix = (secretKey: string) => secretKey.slice(0, 'sk_live_'.length + shownLength)

const isKey = (pattern: RegExp, text: string) => pattern.test(text) && hasValidChecksum(text)

/** Decides by form and checksum alone whether it is worth asking the database. */
export const isPublishableKey = (text: unknown): text is string =>
  typeof text === 'string' && isKey(/^pk_live_[0-9a-z]{32}$/, text)

export const isSecretKey = (text: string) => isKey(/^sk_live_[0-9a-z]{48}$/, text)

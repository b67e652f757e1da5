import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  hash,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'

const letters = '0123456789abcdefghijklmnopqrstuvwxyz'

/** A random token of `bytes` bytes in base64url (32 bytes: 256 bits, 43 characters). */
export function randomToken(bytes = 32): string {
  return randomBytes(bytes).toString('base64url')
}

/** Random lower-case letters and digits, each equally likely. */
export function randomLetters(length: number): string {
  let text = ''
  while (text.length < length) {
    // Bytes from 252 on would favour the first characters.
    for (const byte of randomBytes(length)) if (byte < 252 && text.length < length) text += letters[byte % 36]
  }
  return text
}

export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** The same as text, for the keys of maps. */
export function sha256Text(text: string): string {
  return hash('sha256', text, 'base64url')
}

// Node takes three times as long where it is left to make the key of bytes itself.
const keyOf = (bytes: Uint8Array) => createSecretKey(bytes)

export function hmacSha256(key: string | Uint8Array, text: string): Buffer {
  return createHmac('sha256', typeof key === 'string' ? key : keyOf(key))
    .update(text)
    .digest()
}

/** Compares digests of both sides, so that neither length nor content shows in the time taken. */
export function equalSecrets(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b))
}

const nonceLength = 12
const tagLength = 16

/** Seals with AES-256-GCM under the first of `keys`; `context` (for example the row's id) must be given again to open. */
export function seal(keys: readonly Uint8Array[], context: string, plain: string): Buffer {
  const [newest] = keys
  if (!newest) throw new Error('no sealing key')
  const nonce = randomBytes(nonceLength)
  const cipher = createCipheriv('aes-256-gcm', keyOf(newest), nonce).setAAD(Buffer.from(context))
  const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, body, cipher.getAuthTag()])
}

/** What `seal` makes of the same text; undefined where the first of `keys` sealed it already; throws when none opens it. */
export function reseal(keys: readonly Uint8Array[], context: string, sealed: Uint8Array): Buffer | undefined {
  try {
    unseal(keys.slice(0, 1), context, sealed)
    return undefined
  } catch {
    return seal(keys, context, unseal(keys, context, sealed))
  }
}

/** Opens what any of `keys` sealed for the same `context`; throws when none fits. */
export function unseal(keys: readonly Uint8Array[], context: string, sealed: Uint8Array): string {
  const nonce = sealed.subarray(0, nonceLength)
  const body = sealed.subarray(nonceLength, -tagLength)
  for (const key of keys) {
    const decipher = createDecipheriv('aes-256-gcm', keyOf(key), nonce).setAAD(Buffer.from(context))
    decipher.setAuthTag(sealed.subarray(-tagLength))
    try {
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
    } catch {
      // sealed under another key of the list
    }
  }
  throw new Error(`sealed value of ${context} opens with none of the sealing keys`)
}

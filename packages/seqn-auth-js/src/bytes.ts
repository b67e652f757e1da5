import { SeqnAuthError } from './errors.js'

/** WebCrypto, or an error that says why it is missing. */
export function subtle(): SubtleCrypto {
  const { crypto } = globalThis as { crypto?: Crypto }
  if (crypto?.subtle) return crypto.subtle
  throw new SeqnAuthError('unsupported_runtime', 'WebCrypto is missing: it needs https, or localhost.')
}

/** The UTF-8 bytes of a text. */
export const utf8 = (text: string) => new TextEncoder().encode(text)

/** Base64 without padding, for URLs. */
export const base64Url = (bytes: ArrayBuffer | Uint8Array<ArrayBuffer>) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

/** The bytes of a base64 or base64url text; undefined when it is neither. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    return Uint8Array.from(binary, (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

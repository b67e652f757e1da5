import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign, verify } from 'node:crypto'

/** A text and what proves who said it. `publicKey` and `signature` (Ed25519) in base64url. */
export type Signature = { publicKey: string; signature: string }

// What comes before the 32 bytes of an Ed25519 private key in PKCS #8.
const pkcs8Start = Buffer.from('302e020100300506032b657004220420', 'hex')

/** An Ed25519 key that follows from a secret and from what it is for, so that it fits nothing else and is stored nowhere. */
function signingKey(secret: Uint8Array, purpose: string): KeyObject {
  const seed = Buffer.from(hkdfSync('sha256', secret, '', purpose, 32))
  return createPrivateKey({ key: Buffer.concat([pkcs8Start, seed]), format: 'der', type: 'pkcs8' })
}

const publicKeyOf = (key: KeyObject): string => createPublicKey(key).export({ format: 'jwk' }).x ?? ''

/** Signs with the key of the first of the secrets. */
export function signStatement([secret]: readonly Uint8Array[], purpose: string, text: string): Signature {
  if (!secret) throw new Error('no secret to sign with')
  const key = signingKey(secret, purpose)
  return {
    publicKey: publicKeyOf(key),
    signature: sign(null, Buffer.from(text), key).toString('base64url'),
  }
}

/** Whether one of the secrets signed this text for this purpose. */
export function isSigned(
  secrets: readonly Uint8Array[],
  purpose: string,
  text: string,
  { publicKey, signature }: Signature,
): boolean {
  const key = secrets
    .map((secret) => signingKey(secret, purpose))
    .find((candidate) => publicKeyOf(candidate) === publicKey)
  return (
    key !== undefined &&
    verify(null, Buffer.from(text), createPublicKey(key), Buffer.from(signature, 'base64url'))
  )
}

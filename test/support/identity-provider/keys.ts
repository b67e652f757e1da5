import { createHmac, randomUUID } from 'node:crypto'
import { CompactSign, exportJWK, generateKeyPair, type JWK } from 'jose'

type Key = { kid: string; sign: CryptoKey; publicJwk: JWK; privateJwk: JWK }
export type Claims = Record<string, unknown>
export type Header = Record<string, unknown>

async function newKey(): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const names = { kid: randomUUID(), alg: 'RS256', use: 'sig' }
  return {
    kid: names.kid,
    sign: privateKey,
    publicJwk: { ...(await exportJWK(publicKey)), ...names },
    privateJwk: { ...(await exportJWK(privateKey)), ...names },
  }
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The provider's signing keys, newest first, and a stranger's that no JWKS ever lists. */
export async function newKeys() {
  const [first, stranger] = await Promise.all([newKey(), newKey()])
  const own: [Key, ...Key[]] = [first]
  return {
    first,
    stranger,
    current: () => own[0],
    jwks: () => ({ keys: own.map(({ publicJwk }) => publicJwk) }),
    async rotate() {
      own.unshift(await newKey())
    },
  }
}

export type Keys = Awaited<ReturnType<typeof newKeys>>

/** Signs whatever it is given, also what no library would agree to sign; `undefined` leaves a claim or header out. */
export function sign(claims: Claims, key: Key, header: Header = {}): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader(JSON.parse(JSON.stringify({ alg: 'RS256', kid: key.kid, ...header })))
    .sign(key.sign)
}

/** `alg: none` with an empty signature. */
export const signWithNothing = (claims: Claims, header: Header = {}): string =>
  `${encoded({ ...header, alg: 'none' })}.${encoded(claims)}.`

/** HS256 with a secret that both sides know, as Authentik does without a signing key. */
export function signWithSecret(claims: Claims, secret: string, header: Header = {}): string {
  const body = `${encoded({ ...header, alg: 'HS256' })}.${encoded(claims)}`
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`
}

/** The same token with another payload under the old signature. */
export function withPayload(token: string, claims: Claims): string {
  const [header, , signature] = token.split('.')
  return [header, encoded(claims), signature].join('.')
}

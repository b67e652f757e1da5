import { createHash } from 'node:crypto'
import { decodeJwt } from 'jose'
import { type Claims, type Keys, sign, signWithNothing, signWithSecret, withPayload } from './keys.ts'
import type { IdTokenMisbehaviour } from './misbehaviours.ts'

type Signer = { keys: Keys; clientId: string; clientSecret: string; issuer: string }
type Spoil = (claims: Claims, signer: Signer) => Claims

const tenMinutes = 600
const now = () => Math.floor(Date.now() / 1000)

const spoiled: Partial<Record<IdTokenMisbehaviour, Spoil>> = {
  'wrong-nonce': (claims) => ({ ...claims, nonce: 'a-nonce-of-somebody-else' }),
  'missing-nonce': (claims) => ({ ...claims, nonce: undefined }),
  'wrong-issuer': (claims) => ({ ...claims, iss: 'https://issuer.example/application/o/silver-auth/' }),
  'issuer-without-slash': (claims, { issuer }) => ({ ...claims, iss: issuer.slice(0, -1) }),
  'wrong-audience': (claims) => ({ ...claims, aud: 'another-client' }),
  'foreign-azp': (claims, { clientId }) => ({
    ...claims,
    aud: [clientId, 'another-client'],
    azp: 'another-client',
  }),
  'audience-list-without-azp': (claims, { clientId }) => ({ ...claims, aud: [clientId, 'another-client'] }),
  expired: (claims) => ({ ...claims, iat: now() - 2 * tenMinutes, exp: now() - tenMinutes }),
  'future-iat': (claims) => ({ ...claims, iat: now() + tenMinutes }),
  'future-nbf': (claims) => ({ ...claims, nbf: now() + tenMinutes }),
  'empty-sub': (claims) => ({ ...claims, sub: '' }),
  'missing-sub': (claims) => ({ ...claims, sub: undefined }),
  'missing-auth-time': (claims) => ({ ...claims, auth_time: undefined }),
  'numeric-sub': (claims) => ({ ...claims, sub: 42 }),
}

/** Signs the token anew with the current key and the `at_hash` that oidc-provider leaves out, wrong in the way asked for. */
export async function reissue(
  token: string,
  accessToken: string,
  signer: Signer,
  how?: IdTokenMisbehaviour,
): Promise<string | undefined> {
  const { keys, clientSecret } = signer
  const hash = createHash('sha256').update(accessToken).digest()
  const right = { ...decodeJwt(token), at_hash: hash.subarray(0, 16).toString('base64url') }
  const claims = (how && spoiled[how]?.(right, signer)) ?? right
  switch (how) {
    case 'missing-id-token':
      return undefined
    case 'wrong-key':
      return sign(claims, keys.stranger, { kid: keys.current().kid })
    case 'unknown-kid':
      return sign(claims, keys.stranger)
    case 'edited-token':
      return withPayload(await sign(claims, keys.current()), { ...claims, groups: ['SEQN-A'], amr: ['mfa'] })
    case 'alg-none':
      return signWithNothing(claims)
    case 'alg-hs256':
      return signWithSecret(claims, clientSecret)
    default:
      return sign(claims, keys.current())
  }
}

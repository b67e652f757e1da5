import { loadPublicConfig } from './application.js'
import { fromBase64, subtle, utf8 } from './bytes.js'
import { SeqnAuthError } from './errors.js'
import { findKey } from './jwks.js'
import { readOptions, type SeqnAuthOptions } from './options.js'

/** What an access token says, once it is verified. */
export type AccessTokenClaims = {
  /** The person. */
  sub: string
  iss: string
  /** The project. */
  aud: string | string[]
  exp: number
  iat?: number
  /** The session. */
  sid?: string
  /** The organization. */
  org?: string | null
  email?: string
  [claim: string]: unknown
}

/** How to verify an access token. */
export type VerifyOptions = SeqnAuthOptions & {
  /** The project's id (`app_…`); without it the publishable key's project is looked up once. */
  audience?: string | undefined
  /** Who must have signed; the base URL unless told. */
  issuer?: string | undefined
  /** How far clocks may differ; 5 seconds unless told. */
  clockToleranceSeconds?: number | undefined
}

const projectIds = new Map<string, string>()

/** Verifies an access token here, with the service's public keys. It sees a revocation only when the token ends. */
export async function verifyAccessToken(
  token: string,
  options: VerifyOptions = {},
): Promise<AccessTokenClaims> {
  const settings = readOptions(options)
  const [head = '', body = '', signature = '', rest] = `${token}`.split('.')
  const header = decoded(head)
  const claims = decoded(body) as AccessTokenClaims | undefined
  if (!header || !claims || rest !== undefined) throw refused('is not a JWT')
  if (header.alg !== 'EdDSA') throw refused('is not signed with EdDSA')
  if (typeof header.typ !== 'string' || !/^(application\/)?at\+jwt$/i.test(header.typ))
    throw refused('is not an access token')
  if (typeof header.kid !== 'string' || header.crit !== undefined) throw refused('names no key')
  const key = await findKey(settings, header.kid)
  if (!key) throw refused('is signed with an unknown key')
  const signed = utf8(`${head}.${body}`)
  const isSigned = await subtle().verify('Ed25519', key, fromBase64(signature) ?? new Uint8Array(), signed)
  if (!isSigned) throw refused('has a wrong signature')

  if (claims.iss !== (options.issuer ?? settings.baseUrl)) throw refused('is of another issuer')
  const audience = options.audience ?? (await projectId(options))
  if (![claims.aud].flat().includes(audience)) throw refused('is for another audience')
  if (typeof claims.sub !== 'string' || !claims.sub) throw refused('names nobody')
  const { clockToleranceSeconds = 5 } = options
  const now = Date.now() / 1000
  if (typeof claims.exp !== 'number') throw refused('has no end')
  if (claims.nbf !== undefined && !(Number(claims.nbf) <= now + clockToleranceSeconds))
    throw refused('is not valid yet')
  if (claims.exp <= now - clockToleranceSeconds)
    throw new SeqnAuthError('expired_access_token', 'The access token has expired.')
  return claims
}

const refused = (why: string) => new SeqnAuthError('invalid_access_token', `The access token ${why}.`)

function decoded(part: string): Record<string, unknown> | undefined {
  const bytes = fromBase64(part)
  try {
    const value = bytes && JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

async function projectId(options: VerifyOptions): Promise<string> {
  const { baseUrl, publishableKey } = readOptions(options)
  const name = `${baseUrl} ${publishableKey}`
  const id = projectIds.get(name) ?? (await loadPublicConfig(options)).application.id
  projectIds.set(name, id)
  return id
}

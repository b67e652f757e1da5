import { subtle } from './bytes.js'
import { SeqnAuthError } from './errors.js'
import { request } from './http.js'
import type { Settings } from './options.js'

type Jwk = { kid?: string; kty?: string; crv?: string; x?: string }
type KeySet = { keys: Map<string, Jwk>; askedAt: number }

const askedAgainMs = 60_000
const staleMs = 600_000

const known = new Map<string, KeySet>()
const flights = new Map<string, Promise<KeySet>>()

/** The public key with this id. An id that is not known asks the service again, at most once a minute. */
export async function findKey(settings: Settings, kid: string): Promise<CryptoKey | undefined> {
  const { baseUrl } = settings
  const cached = known.get(baseUrl)
  const ageMs = cached ? performance.now() - cached.askedAt : Number.POSITIVE_INFINITY
  const isEnough = ageMs < (cached?.keys.has(kid) ? staleMs : askedAgainMs)
  const jwk = (cached && isEnough ? cached : await load(settings, cached)).keys.get(kid)
  return jwk && importKey(jwk)
}

function load(settings: Settings, cached: KeySet | undefined): Promise<KeySet> {
  const { baseUrl } = settings
  const flight =
    flights.get(baseUrl) ??
    loadKeys(settings, cached)
      .then((set) => {
        known.set(baseUrl, set)
        return set
      })
      .finally(() => flights.delete(baseUrl))
  flights.set(baseUrl, flight)
  return flight
}

async function loadKeys(settings: Settings, cached: KeySet | undefined): Promise<KeySet> {
  const askedAt = performance.now()
  try {
    const { keys } = await request<{ keys?: Jwk[] }>(settings, '/.well-known/jwks.json')
    const list = Array.isArray(keys) ? keys : []
    return { keys: new Map(list.map((jwk) => [jwk.kid ?? '', jwk])), askedAt }
  } catch (error) {
    // Keys that are known stay good while the service is down.
    if (cached) return { keys: cached.keys, askedAt }
    throw error
  }
}

async function importKey({ kty, crv, x }: Jwk): Promise<CryptoKey | undefined> {
  if (kty !== 'OKP' || crv !== 'Ed25519' || !x) return undefined
  try {
    return await subtle().importKey('jwk', { kty, crv, x }, { name: 'Ed25519' }, false, ['verify'])
  } catch (cause) {
    if ((cause as Error)?.name === 'DataError') return undefined
    throw new SeqnAuthError('unsupported_runtime', 'This runtime cannot check Ed25519 signatures.', { cause })
  }
}

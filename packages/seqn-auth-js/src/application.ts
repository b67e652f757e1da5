import type { BackendKeyHealth, PublicConfig } from './answers.js'
import { request } from './http.js'
import {
  needPublishableKey,
  needSecretKey,
  readOptions,
  type SeqnAuthOptions,
  type Settings,
} from './options.js'

/** The header that names the project. */
export const clientHeaders = (settings: Settings) => ({
  'X-SEQN-Publishable-Key': needPublishableKey(settings),
})

/** The header of a back end. */
export const backendHeaders = (settings: Settings) => ({
  Authorization: `Bearer ${needSecretKey(settings)}`,
})

/** Loads what the publishable key's project shows to browsers. */
export async function loadPublicConfig(options?: SeqnAuthOptions): Promise<PublicConfig> {
  const settings = readOptions(options)
  return request(settings, '/v1/client/config', { headers: clientHeaders(settings) })
}

/** Asks the service whether the secret key is valid. Throws when it is not. */
export async function verifyBackendKeyHealth(options?: SeqnAuthOptions): Promise<BackendKeyHealth> {
  const settings = readOptions(options)
  return request(settings, '/v1/backend/application', { headers: backendHeaders(settings) })
}

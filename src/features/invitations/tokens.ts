import type { Config } from '../../config.ts'
import { randomToken, sha256 } from '../../lib/secrets.ts'

/** 256 random bits and the hash under which they are kept. */
export function newInvitationToken(): { token: string; token_hash: Buffer } {
  const token = randomToken(32)
  return { token, token_hash: sha256(token) }
}

/** The hash of a token; undefined for what is none of ours, which is decided without a query. */
export function invitationTokenHash(token: string): Buffer | undefined {
  return /^[\w-]{43}$/.test(token) ? sha256(token) : undefined
}

/** The link that opens an invitation: shown in one answer and never again. */
export const invitationUrl = ({ publicBaseUrl }: Config, token: string) => `${publicBaseUrl}/invite/${token}`

import type { Config } from '../../config.ts'
import { hmacSha256, randomToken } from '../../lib/secrets.ts'

/** 256 random bits and the keyed hash under which they are stored. */
export function newSessionToken(config: Config): { token: string; hash: Buffer } {
  const token = randomToken(32)
  const [newest = ''] = config.session.secrets
  return { token, hash: hmacSha256(newest, token) }
}

/** The hashes a token may be stored under, one per secret; undefined for what is no token of ours. */
export function sessionTokenHashes(config: Config, token: string | undefined): Buffer[] | undefined {
  if (!token || !/^[A-Za-z0-9_-]{43}$/.test(token)) return undefined
  return config.session.secrets.map((secret) => hmacSha256(secret, token))
}

/** Looks a token up under each of its hashes in turn: one by one, since a list would make Postgres plan anew every time. */
export async function findUnderHash<Row>(
  hashes: Buffer[],
  find: (hash: Buffer) => Promise<Row[]>,
): Promise<Row | undefined> {
  for (const hash of hashes) {
    const [row] = await find(hash)
    if (row) return row
  }
  return undefined
}

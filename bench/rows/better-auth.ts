import { randomBytes } from 'node:crypto'
import { withClient } from '../../src/db/postgres-roles.ts'
import { hmacSha256, sha256 } from '../../src/lib/secrets.ts'
import { insertAll } from './tenants.ts'

export type BetterAuthRows = { keys: string[]; cookies: string[] }

/** Fills the tables that better-auth made with people, a key and a session each, as it would have written them. */
export async function makeBetterAuthRows(
  ownerUrl: string,
  secret: string,
  people: number,
): Promise<BetterAuthRows> {
  const letters = () => randomBytes(24).toString('hex')
  const keys = Array.from({ length: people }, letters)
  const tokens = Array.from({ length: people }, letters)
  await withClient(ownerUrl, async (client) => {
    await client.query(`insert into "user" (id, name, email, "emailVerified")
      select 'user-' || n, 'Person ' || n, 'person-' || n || '@example.com', true from generate_series(0, ${people - 1}) n`)
    await insertAll(
      client,
      [keys.map((key) => sha256(key).toString('base64url'))],
      `insert into apikey (id, "configId", "referenceId", start, key, enabled, "rateLimitEnabled", "rateLimitTimeWindow",
         "rateLimitMax", "requestCount", "createdAt", "updatedAt")
       select 'key-' || n, 'default', 'user-' || n, 'abcdef', first, true, false, 86400000, 10, 0, now(), now()`,
    )
    await insertAll(
      client,
      [tokens],
      `insert into session (id, "userId", token, "expiresAt", "updatedAt", "ipAddress", "userAgent")
       select 'session-' || n, 'user-' || n, first, now() + interval '7 days', now(), '192.0.2.1', 'Firefox'`,
    )
    await client.query('vacuum analyze')
  })
  const signed = (token: string) =>
    encodeURIComponent(`${token}.${hmacSha256(secret, token).toString('base64')}`)
  return { keys, cookies: tokens.map((token) => `better-auth.session_token=${signed(token)}`) }
}

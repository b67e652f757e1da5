import type { BackendApp, RequestFacts } from '../../actors.ts'
import type { CachedQuery } from '../../change/cache.ts'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { Authenticate } from '../../http/audiences.ts'
import type { BatchWriter } from '../../lib/batches.ts'
import { gather } from '../../lib/gather.ts'
import { sha256Text } from '../../lib/secrets.ts'
import { whenKnown } from '../../lib/when-known.ts'
import { isSecretKey } from './key-format.ts'
import { keyHash } from './keys.ts'
import { findKeysByHash, markUsed } from './queries.ts'

export type SecretKey = Omit<Awaited<ReturnType<typeof findKeysByHash>>[number], 'hash'>
export type CheckedKey = BackendApp & { key: SecretKey }

const lastUsed: BatchWriter<Context, true> = {
  everyMs: 5_000,
  most: 50_000,
  write: (ctx, entries) => markUsed(ctx.db, [...entries.keys()]),
}

const mostAtOnce = 100

// Keys that are new in the same moment are looked up together: for ten of them that is twice as fast.
const findKey = gather(async (ctx: Context, hashes: Buffer[]): Promise<(SecretKey | undefined)[]> => {
  const rows = await findKeysByHash(ctx.db, { hashes })
  const found = new Map(rows.map(({ hash, ...key }) => [hash.toString('hex'), key]))
  return hashes.map((hash) => found.get(hash.toString('hex')))
}, mostAtOnce)

const validKeys: CachedQuery<string, SecretKey> = {
  name: 'secret_keys',
  most: 20_000,
  async find(ctx, secretKey) {
    const key = await findKey(ctx, keyHash(secretKey))
    return (
      key && {
        value: key,
        tags: [`project:${key.project_id}`, `organization:${key.organization_id}`],
        seconds: key.seconds_left ?? Number.POSITIVE_INFINITY,
      }
    )
  },
  // A key that is not valid never becomes so, but by hand, and then within these seconds.
  unknown: { most: 10_000, seconds: 10 },
}

/** A back end with a valid secret key of an active project. Garbage is refused by its form, without a query. */
export const authenticateBackend: Authenticate = (ctx, { headers, facts }) => {
  const secretKey = statedKey(headers.authorization)
  if (secretKey === undefined || !isSecretKey(secretKey)) {
    ctx.metrics.keyVerifications.add(secretKey === undefined ? 'missing' : 'malformed')
    throw invalidKey()
  }
  return whenKnown(ctx.cache.get(validKeys, sha256Text(secretKey), secretKey), (key) =>
    admit(ctx, key, facts),
  )
}

function admit(ctx: Context, key: SecretKey | undefined, request: RequestFacts): CheckedKey {
  ctx.metrics.keyVerifications.add(!key ? 'unknown' : key.status === 'disabled' ? 'disabled' : 'ok')
  if (!key) throw invalidKey()
  if (key.status === 'disabled') throw new AppError('application_disabled', 'This project is disabled.')
  noteUsed(ctx, key)
  return {
    kind: 'backend',
    request,
    keyId: key.id,
    keyPrefix: key.prefix,
    projectId: key.project_id,
    organizationId: key.organization_id,
    key,
  }
}

/** To the minute: ten thousand keys in use must not be ten thousand writes a second. */
function noteUsed(ctx: Context, key: SecretKey): void {
  if (!key.is_unseen) return
  key.is_unseen = false
  ctx.batches.add(lastUsed, key.id, true)
}

const statedKey = (authorization: string | undefined) =>
  authorization !== undefined && /^Bearer \S/i.test(authorization)
    ? authorization.slice('Bearer '.length)
    : undefined

const invalidKey = () =>
  new AppError('invalid_secret_key', 'Send a valid secret key: Authorization: Bearer sk_live_…')

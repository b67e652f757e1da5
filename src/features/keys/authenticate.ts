import type { BackendApp } from '../../actors.ts'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { Authenticate } from '../../http/audiences.ts'
import type { BatchWriter } from '../../lib/batches.ts'
import { isSecretKey } from './key-format.ts'
import { keyHash } from './keys.ts'
import { findKeyByHash, markUsed } from './queries.ts'

export type CheckedKey = BackendApp & { key: Awaited<ReturnType<typeof findKeyByHash>>[number] }

const lastUsed: BatchWriter<Context, true> = {
  everyMs: 1_000,
  most: 50_000,
  write: (ctx, entries) => markUsed(ctx.db, [...entries.keys()]),
}

/** A back end with a valid secret key of an active project. Garbage is refused by its form, without a query. */
export const authenticateBackend: Authenticate = async (ctx, { headers, facts }): Promise<CheckedKey> => {
  const secretKey = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1]
  const isWellFormed = secretKey !== undefined && isSecretKey(secretKey)
  const [key] = isWellFormed ? await findKeyByHash(ctx.db, { hash: keyHash(secretKey) }) : []
  if (!key) {
    ctx.metrics.keyVerifications.add(isWellFormed ? 'unknown' : secretKey ? 'malformed' : 'missing')
    throw new AppError('invalid_secret_key', 'Send a valid secret key: Authorization: Bearer sk_live_…')
  }
  if (key.status === 'disabled') {
    ctx.metrics.keyVerifications.add('disabled')
    throw new AppError('application_disabled', 'This project is disabled.')
  }
  ctx.metrics.keyVerifications.add('ok')
  ctx.batches.add(lastUsed, key.id, true)
  return {
    kind: 'backend',
    request: facts,
    keyId: key.id,
    keyPrefix: key.prefix,
    projectId: key.project_id,
    organizationId: key.organization_id,
    key,
  }
}

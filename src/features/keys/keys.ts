import type { Db, Tx } from '../../db/database.ts'
import { newId } from '../../lib/ids.ts'
import { sha256 } from '../../lib/secrets.ts'
import { newSecretKey, shownPrefix } from './key-format.ts'
import { insertSecretKey, listValidKeys } from './queries.ts'

/** What is stored of a key: random enough that a plain hash cannot be searched, and independent of any setting. */
export const keyHash = (secretKey: string) => sha256(secretKey)

type KeyOwner = { organizationId: string; projectId: string; createdBy: string | null }

/** Adds a key to a project inside a transaction; the key itself is in this answer and nowhere else. */
export async function addSecretKey(tx: Tx, { organizationId, projectId, createdBy }: KeyOwner) {
  const secretKey = newSecretKey()
  const row = await insertSecretKey(tx, {
    id: newId('key'),
    organization_id: organizationId,
    project_id: projectId,
    prefix: shownPrefix(secretKey),
    hash: keyHash(secretKey),
    created_by: createdBy,
  })
  return { secretKey, row }
}

/** The keys that work, by project. */
export async function keysByProject(db: Db, projectIds: string[]) {
  return Map.groupBy(await listValidKeys(db, projectIds), (key) => key.project_id)
}

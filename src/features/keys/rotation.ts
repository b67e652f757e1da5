import type { MemberWho } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { AppError, notFound } from '../../errors.ts'
import { isId } from '../../lib/ids.ts'
import { getLockedProject, projectEventData } from '../projects/projects.ts'
import { addSecretKey } from './keys.ts'
import { retireKeys, revokeKey } from './queries.ts'

const mostValidKeys = 20

/** Makes a new key; those before end after `overlapSeconds` (0: at once). Of rotations at the same time each leaves a valid key. */
export async function rotateSecretKey(
  ctx: Context,
  member: MemberWho<'keys.write'>,
  project: string,
  overlapSeconds: number,
) {
  return change(ctx, member, async (tx, record) => {
    const { organizationId } = member
    const row = await getLockedProject(tx, member, project)
    const retired = await retireKeys(tx, row.id, overlapSeconds)
    if (overlapSeconds > 0 && retired.length >= mostValidKeys) {
      throw new AppError('conflict', `${retired.length} keys of this project still work. Revoke one first.`)
    }
    const added = await addSecretKey(tx, { organizationId, projectId: row.id, createdBy: member.userId })
    const retires = retired.map(({ prefix, expires_at }) => ({
      prefix,
      expiresAt: (expires_at as Date).toISOString(),
    }))
    const data = { ...projectEventData(row), secretKeyPrefix: added.row.prefix, retires }
    record('project.secret_rotated', { organizationId, target: row.id, data })
    return { secretKey: added.secretKey, retires }
  })
}

/** Ends one key at once. */
export async function revokeSecretKey(
  ctx: Context,
  member: MemberWho<'keys.write'>,
  project: string,
  keyId: string,
): Promise<void> {
  await change(ctx, member, async (tx, record) => {
    const row = await getLockedProject(tx, member, project)
    const revoked = isId('key', keyId) ? await revokeKey(tx, row.id, keyId) : undefined
    if (!revoked) throw notFound('secret key')
    const data = { ...projectEventData(row), secretKeyPrefix: revoked.prefix }
    record('project.secret_revoked', { organizationId: member.organizationId, target: row.id, data })
  })
}

import type { Tx } from '../../db/database.ts'

/** False when the person was a platform admin already. */
export async function insertPlatformAdmin(tx: Tx, userId: string): Promise<boolean> {
  const inserted = await tx
    .insertInto('platform_admins')
    .values({ user_id: userId })
    .onConflict((conflict) => conflict.column('user_id').doNothing())
    .returning('user_id')
    .executeTakeFirst()
  return inserted !== undefined
}

export async function deletePlatformAdmin(tx: Tx, userId: string): Promise<void> {
  await tx.deleteFrom('platform_admins').where('user_id', '=', userId).execute()
}

import type { System } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/database.ts'
import { findAccountByEmail } from '../users/users.ts'
import { deletePlatformAdmin, insertPlatformAdmin } from './queries.ts'

/**
 * Makes the person with this address a platform admin, where no provider says who is one. They have that power only in
 * sessions with a second factor that began here. Undefined when nobody has the address.
 */
export async function grantPlatform(
  ctx: Context,
  system: System,
  email: string,
): Promise<{ userId: string; isNew: boolean; isEmailVerified: boolean } | undefined> {
  const account = await findAccountByEmail(ctx, email)
  if (!account) return undefined
  const isNew = await change.silent(ctx, system, 'a second grant changes nothing', async (tx, record) => {
    const isInserted = await insertPlatformAdmin(tx, account.id)
    if (isInserted) record('platform.admin.granted', { target: account.id })
    return isInserted
  })
  return { userId: account.id, isNew, isEmailVerified: account.email_verified_at !== null }
}

/** A grant was made to who has the address: it does not stay with an account that turned out not to be theirs. */
export const dropPlatformGrant = (tx: Tx, userId: string) => deletePlatformAdmin(tx, userId)

import type { System } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/database.ts'
import { deletePlatformAdmin, insertPlatformAdmin } from './queries.ts'

/**
 * Makes a person a platform admin, where no provider says who is one. They have that power only in sessions with a second
 * factor that began here. False when they were one.
 */
export async function grantPlatform(ctx: Context, system: System, userId: string): Promise<boolean> {
  return change.silent(ctx, system, 'a second grant changes nothing', async (tx, record) => {
    const isInserted = await insertPlatformAdmin(tx, userId)
    if (isInserted) record('platform.admin.granted', { target: userId })
    return isInserted
  })
}

/** A grant was made to who has the address: it does not stay with an account that turned out not to be theirs. */
export const dropPlatformGrant = (tx: Tx, userId: string) => deletePlatformAdmin(tx, userId)

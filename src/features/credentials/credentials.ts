import type { Context } from '../../context.ts'
import type { Tx } from '../../db/database.ts'
import { hashPassword, needsRehash } from './password.ts'
import { insertPassword, renewPasswordHash } from './queries.ts'

/** The first password of a person, inside the transaction that adds them. */
export const addPassword = (tx: Tx, userId: string, hash: string) => insertPassword(tx, userId, hash)

/** Stores a password that was just proven under today's parameters, if its hash has older ones. */
export async function renewHash(ctx: Context, userId: string, hash: string, password: string): Promise<void> {
  if (needsRehash(hash)) await renewPasswordHash(ctx.db, userId, hash, await hashPassword(ctx, password))
}

import type { Context } from '../../context.ts'
import type { Tx } from '../../db/database.ts'
import { hashPassword, needsRehash } from './password.ts'
import { deletePassword, insertPassword, lockPassword, renewPasswordHash } from './queries.ts'

/** The first password of a person, inside the transaction that adds them. */
export const addPassword = (tx: Tx, userId: string, hash: string) => insertPassword(tx, userId, hash)

/** Takes a person's password away, inside the transaction that ends what it opened. */
export const removePassword = (tx: Tx, userId: string) => deletePassword(tx, userId)

/** A password that was just found to be right: its stored hash, and the one to store instead if that one has old parameters. */
export type ProvenPassword = { userId: string; hash: string; renewed: string | undefined }

export async function provenPassword(
  ctx: Context,
  userId: string,
  hash: string,
  password: string,
): Promise<ProvenPassword> {
  return { userId, hash, renewed: needsRehash(hash) ? await hashPassword(ctx, password) : undefined }
}

/** False when the password was changed or its owner disabled since it was proven; until COMMIT neither can happen. */
export async function holdPassword(tx: Tx, { userId, hash, renewed }: ProvenPassword): Promise<boolean> {
  const holds = await lockPassword(tx, userId, hash)
  if (holds && renewed) await renewPasswordHash(tx, userId, renewed)
  return holds
}

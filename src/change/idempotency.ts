import type { Actor } from '../actors.ts'
import type { Context } from '../context.ts'
import type { Tx } from '../db/database.ts'
import { AppError } from '../errors.ts'
import { claimIdempotencyKey, findAnswer, keepAnswer } from './queries.ts'

/** Thrown inside a change whose key was used before; the request is answered with what was kept then. */
export class AnsweredBefore extends Error {
  override readonly name = 'AnsweredBefore'
}

type Keeper = { id: string; key: string; fingerprint: string }

function keeperOf(actor: Actor): Keeper | undefined {
  const { idempotency } = actor.request
  return idempotency && actor.kind === 'user' ? { id: actor.userId, ...idempotency } : undefined
}

/** First step of a change that carries an `Idempotency-Key`: a twin waits here until the first is over, then learns of it. */
export async function claimAnswer(ctx: Context, tx: Tx, actor: Actor): Promise<void> {
  const keeper = keeperOf(actor)
  if (!keeper) return
  const { id: actor_id, key, fingerprint } = keeper
  if (await claimIdempotencyKey(tx, { actor_id, key, fingerprint })) return
  forgetChangeOf(ctx, actor)
  throw new AnsweredBefore()
}

/** Who hears of a change that was made before may be the first to hear: its COMMIT may have gone unheard, or have been elsewhere. */
function forgetChangeOf(ctx: Context, actor: Actor): void {
  const { userId, organizationId } = { userId: undefined, organizationId: undefined, ...actor }
  ctx.cache.forget([
    ...(userId ? [`user:${userId}`] : []),
    ...(organizationId ? [`organization:${organizationId}`] : []),
  ])
}

/** Keeps the answer, sealed, in the transaction of the change: either both are there after a crash or neither. */
export async function storeAnswer(ctx: Context, tx: Tx, actor: Actor, result: unknown): Promise<void> {
  const keeper = keeperOf(actor)
  if (!keeper) return
  const answer = JSON.stringify(actor.request.idempotency?.answer(result) ?? null)
  await keepAnswer(tx, keeper.id, keeper.key, ctx.seal(answerPurpose(keeper.id, keeper.key), answer))
}

/** The answer that this actor's key was given before; undefined for a new key, `409 idempotency_conflict` for another request. */
export async function answerBefore(ctx: Context, actor: Actor): Promise<unknown> {
  const keeper = keeperOf(actor)
  if (!keeper) return undefined
  const row = await findAnswer(ctx.db, keeper.id, keeper.key)
  if (!row?.sealed_answer) return undefined
  forgetChangeOf(ctx, actor)
  if (row.fingerprint !== keeper.fingerprint) {
    throw new AppError('idempotency_conflict', 'This Idempotency-Key was used for another request.')
  }
  return JSON.parse(ctx.unseal(answerPurpose(keeper.id, keeper.key), row.sealed_answer))
}

export const answerPurpose = (actorId: string, key: string) => `idempotency_keys:${actorId}:${key}`

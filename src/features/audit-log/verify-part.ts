import type { MemberWho } from '../../actors.ts'
import type { Context } from '../../context.ts'
import type { Db } from '../../db/database.ts'
import { beginning, type Place, type Walk, walkChain } from './chain.ts'
import { type Checkpoint, judgeCheckpoint, shortestRetentionDays } from './checkpoint.ts'
import { findCheckpoint, findHead, findLink } from './queries.ts'
import { stray } from './verify.ts'

export type PartVerification = Walk & {
  first: number
  last: number
  head: Place
  checkpoint: Checkpoint | undefined
  /** What the part before this one is asked with; undefined at the beginning. */
  next: number | undefined
}

// A fraction of a second, whatever the length of the chain, and in time also on a busy machine.
const mostAtOnce = 5_000

/** Verifies the newest entries of the organization's chain, or those before a number, so many at once. */
export async function verifyPart(
  ctx: Context,
  member: MemberWho<'audit.read'>,
  before: number | undefined,
): Promise<PartVerification> {
  const checkpoint = await findCheckpoint(ctx.db, member.organizationId)
  const part = await verifyFrom(ctx.db, member.organizationId, checkpoint, before)
  // What was pruned meanwhile was missed.
  const isPruned = async () =>
    (await findCheckpoint(ctx.db, member.organizationId))?.sequence !== checkpoint?.sequence
  return part.flaws.length > 0 && (await isPruned()) ? verifyPart(ctx, member, before) : part
}

async function verifyFrom(
  db: Db,
  streamId: string,
  checkpoint: Checkpoint | undefined,
  before: number | undefined,
): Promise<PartVerification> {
  const { newest, ...found } = await findHead(db, streamId)
  const head = { sequence: found.sequence ?? 0, hash: found.hash ?? beginning.hash }
  const start = checkpoint ?? beginning
  const last = Math.min(before === undefined ? head.sequence : before - 1, head.sequence)
  const first = Math.max(last - mostAtOnce + 1, start.sequence + 1)
  const walk: Walk = { rows: 0, erased: 0, flaws: [] }
  if (last >= start.sequence) {
    const from = first === start.sequence + 1 ? start : await placeBefore(db, streamId, first)
    const to = last === head.sequence ? head : await endBefore(db, streamId, last + 1)
    Object.assign(walk, await walkChain(db, streamId, { from, to }))
  }
  if (checkpoint && first === start.sequence + 1)
    walk.flaws.push(...(await judgeCheckpoint(db, checkpoint, { keptDays: shortestRetentionDays })))
  if (before === undefined && (newest ?? 0) > head.sequence)
    walk.flaws.push({ sequence: newest ?? 0, message: stray })
  const next = first > start.sequence + 1 ? first : undefined
  return { ...walk, first, last, head, checkpoint, next }
}

/** A row that is missing leaves the next one without the hash that it follows. */
const placeBefore = async (db: Db, streamId: string, sequence: number): Promise<Place> =>
  (await findLink(db, streamId, sequence - 1)) ?? { sequence: sequence - 1, hash: beginning.hash }

const endBefore = async (db: Db, streamId: string, sequence: number) => ({
  sequence: sequence - 1,
  hash: (await findLink(db, streamId, sequence))?.previous_hash,
})

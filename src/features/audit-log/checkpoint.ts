import type { Db } from '../../db/database.ts'
import type { Anchor } from './anchor.ts'
import { type Flaw, linkHash } from './chain.ts'
import { type findCheckpoint, findFirstRow } from './queries.ts'

export type Checkpoint = NonNullable<Awaited<ReturnType<typeof findCheckpoint>>>
type AnchoredStream = Anchor['streams'][number]

/** The database lets no row go sooner. */
export const shortestRetentionDays = 30

const dayMs = 86_400_000
// The clock that rows were pruned by may be another one, and be an hour wrong where somebody mistakes its time zone.
const mostClockDifferenceMs = 7_200_000

/**
 * What is wrong with a checkpoint. It is the last row that was pruned, so what follows it proves how old it was: rows that were
 * deleted before their time cannot pass for pruned ones.
 */
export async function judgeCheckpoint(
  db: Db,
  checkpoint: Checkpoint,
  { known, keptDays }: { known?: AnchoredStream | undefined; keptDays: number },
): Promise<Flaw[]> {
  const { stream_id, sequence, hash, occurred_at } = checkpoint
  const youngest = Date.now() + mostClockDifferenceMs - keptDays * dayMs
  const isNew = sequence > (known?.prunedSequence ?? 0)
  const messages: string[] = []
  if (!linkHash(checkpoint).equals(hash)) messages.push('the checkpoint was changed')
  if (((await findFirstRow(db, stream_id)) ?? sequence + 1) <= sequence)
    messages.push('rows before the checkpoint are still there')
  if (isNew && occurred_at.getTime() > youngest) messages.push(tooYoung(keptDays))
  if (known && known.sequence <= sequence) {
    if (isNew && Date.parse(known.occurredAt) > youngest)
      messages.push(`${tooYoung(keptDays)}, as the anchor has it`)
    if (known.sequence === sequence && known.hash !== hash.toString('hex'))
      messages.push('the checkpoint is not the row of the anchor')
  }
  return messages.map((message) => ({ sequence, message }))
}

const tooYoung = (days: number) => `rows up to the checkpoint are gone, and were not ${days} days old`

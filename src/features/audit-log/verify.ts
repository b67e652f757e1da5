import type { Db } from '../../db/database.ts'
import { readAllPages } from './all-pages.ts'
import type { Anchor } from './anchor.ts'
import { beginning, type Flaw, type Walk, walkChain } from './chain.ts'
import { type Checkpoint, judgeCheckpoint, shortestRetentionDays } from './checkpoint.ts'
import { listCheckpoints, listNewestRows, listStreams } from './queries.ts'

export type Verification = {
  streams: number
  rows: number
  erased: number
  flaws: (Flaw & { streamId: string })[]
}

type Head = Awaited<ReturnType<typeof listStreams>>[number]
type AnchoredStream = Anchor['streams'][number]

/** What was signed earlier, and for how many days rows are kept now. */
type Anchored = { anchor: Anchor; keptDays: number }

/**
 * Walks every chain from its checkpoint to its head: an edited, deleted or swapped row and a cut tail each break a link or the
 * head. What was changed together with all that follows it, head included, only an anchor finds.
 */
export async function verifyAuditLog(db: Db, anchored?: Anchored): Promise<Verification> {
  const heads = await listStreams(db)
  const checkpoints = new Map((await listCheckpoints(db)).map((row) => [row.stream_id, row]))
  const known = new Map(anchored?.anchor.streams.map((stream) => [stream.id, stream]))
  // Rows that were kept shorter at the one time or the other may be gone.
  const keptDays = anchored
    ? Math.min(anchored.anchor.retentionDays, anchored.keptDays)
    : shortestRetentionDays
  const found: Verification = { streams: heads.length, rows: 0, erased: 0, flaws: [] }
  for (const head of heads) {
    const [checkpoint, anchoredStream] = [checkpoints.get(head.id), known.get(head.id)]
    const walk = await verifyStream(db, head, checkpoint, { known: anchoredStream, keptDays })
    found.rows += walk.rows
    found.erased += walk.erased
    found.flaws.push(...walk.flaws.map((flaw) => ({ streamId: head.id, ...flaw })))
    known.delete(head.id)
  }
  for (const { id, sequence } of known.values())
    found.flaws.push({ streamId: id, sequence: 0, message: cut(sequence, 0) })
  const newest = await readAllPages(
    (after) => listNewestRows(db, after),
    ({ stream_id }) => stream_id,
  )
  for (const { stream_id, sequence, is_stray } of newest)
    if (is_stray) found.flaws.push({ streamId: stream_id, sequence, message: stray })
  return found
}

export const stray = 'the row is past the head: the head is missing or was set back'
const cut = (known: number, sequence: number) =>
  `the anchor knows ${known} rows, the head is at ${sequence}: rows at the end are missing`

async function verifyStream(
  db: Db,
  { id, audit_sequence, head_hash }: Head,
  checkpoint: Checkpoint | undefined,
  { known, keptDays }: { known: AnchoredStream | undefined; keptDays: number },
): Promise<Walk> {
  const walk = await walkChain(db, id, {
    from: checkpoint ?? beginning,
    to: { sequence: audit_sequence, hash: head_hash },
    known: known && { sequence: known.sequence, hash: Buffer.from(known.hash, 'hex') },
  })
  if (checkpoint) walk.flaws.push(...(await judgeCheckpoint(db, checkpoint, { known, keptDays })))
  if (known && known.sequence > audit_sequence)
    walk.flaws.push({ sequence: audit_sequence, message: cut(known.sequence, audit_sequence) })
  return walk
}

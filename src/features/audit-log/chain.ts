import { createHash } from 'node:crypto'
import type { Db } from '../../db/database.ts'
import { hmacSha256 } from '../../lib/secrets.ts'
import { findCheckpoint, listLinks } from './queries.ts'

/** A place in a chain: the number of a row, and the hash that the next row follows. */
export type Place = { sequence: number; hash: Buffer }
/** The last row of a walk; its hash where something else vouches for it. */
type End = { sequence: number; hash: Buffer | undefined }
export type Flaw = { sequence: number; message: string }
export type Walk = { rows: number; erased: number; flaws: Flaw[] }

type Row = Awaited<ReturnType<typeof listLinks>>[number]
type Link = Omit<Row, 'salt' | 'details'>

export const beginning: Place = { sequence: 0, hash: Buffer.alloc(0) }

const batch = 1_000
// Whoever breaks every link need not fill our memory too.
const mostFlaws = 100

/**
 * Walks a chain from behind one place to another and computes each link anew, outside the database. What is pruned meanwhile is
 * passed over; `known` is a place that was signed once, where the chain must have the hash that it had then.
 */
export async function walkChain(
  db: Db,
  streamId: string,
  { from, to, known }: { from: Place; to: End; known?: Place | undefined },
): Promise<Walk> {
  let at = from
  const walk: Walk = { rows: 0, erased: 0, flaws: [] }
  while (walk.flaws.length < mostFlaws) {
    const found = await listLinks(db, streamId, at.sequence, batch)
    // A row that is being written now is past the end that was read.
    const links = found.filter(({ sequence }) => sequence <= to.sequence)
    if ((links[0]?.sequence ?? to.sequence + 1) > at.sequence + 1) {
      const checkpoint = await findCheckpoint(db, streamId)
      if (checkpoint && checkpoint.sequence > at.sequence && checkpoint.sequence <= to.sequence) {
        at = checkpoint
        continue
      }
    }
    for (const link of links) {
      walk.rows++
      if (link.salt === null) walk.erased++
      for (const message of flawsOf(link, at, known)) walk.flaws.push({ sequence: link.sequence, message })
      at = link
    }
    if (found.length < batch || links.length < found.length) break
  }
  if (walk.flaws.length >= mostFlaws)
    walk.flaws.push({
      sequence: at.sequence,
      message: 'there are so many flaws that the rest was not checked',
    })
  else if (at.sequence !== to.sequence || (to.hash && !at.hash.equals(to.hash)))
    walk.flaws.push(wrongEnd(at, to))
  return walk
}

const wrongEnd = (at: Place, to: End) => ({
  sequence: at.sequence,
  message: `the chain ends at ${at.sequence}, its head is at ${to.sequence}: rows at the end are missing or changed`,
})

function flawsOf(link: Row, { sequence, hash }: Place, known: Place | undefined): string[] {
  const found: string[] = []
  if (link.sequence !== sequence + 1) found.push(`rows ${sequence + 1} to ${link.sequence - 1} are missing`)
  if (!link.previous_hash.equals(hash)) found.push('the row does not follow the row before it')
  if (!linkHash(link).equals(link.hash)) found.push('the row was changed')
  if (link.salt && link.details !== null && !hmacSha256(link.salt, link.details).equals(link.details_mac))
    found.push('the details were changed')
  if (link.sequence === known?.sequence && !link.hash.equals(known.hash))
    found.push('the chain up to here is not the one of the anchor')
  return found
}

/** The hash that `audit_hash` of the migrations computes: over the hash before and the row as a JSON array of texts. */
export function linkHash(link: Link): Buffer {
  const fields = [
    link.stream_id,
    String(link.sequence),
    link.id,
    link.occurred_at.toISOString(),
    link.action,
    link.actor_kind,
    link.actor_id,
    link.target_id,
    link.request_id,
    link.details_mac.toString('hex'),
  ]
  const text = `[${fields.map((field) => JSON.stringify(field)).join(', ')}]`
  return createHash('sha256').update(link.previous_hash).update(text).digest()
}

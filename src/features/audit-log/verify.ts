import { createHash } from 'node:crypto'
import type { Db } from '../../db/database.ts'
import { hmacSha256 } from '../../lib/secrets.ts'
import { listLinks, listStrayRows, listStreams } from './queries.ts'

export type Flaw = { streamId: string; sequence: number; message: string }
export type Verification = { streams: number; rows: number; flaws: Flaw[] }

type Link = Awaited<ReturnType<typeof listLinks>>[number]
type Head = Awaited<ReturnType<typeof listStreams>>[number]

const batch = 2_000

/**
 * Walks every chain and computes each link anew, outside the database: an edited, deleted or swapped row and a cut tail
 * each break a link or the head. A tail cut together with its head is for an anchor kept elsewhere to find.
 */
export async function verifyAuditLog(db: Db): Promise<Verification> {
  const heads = await listStreams(db)
  const flaws: Flaw[] = []
  let rows = 0
  for (const head of heads) {
    const walked = await verifyStream(db, head)
    rows += walked.rows
    flaws.push(...walked.flaws)
  }
  for (const { stream_id, sequence } of await listStrayRows(db)) {
    flaws.push({
      streamId: stream_id,
      sequence,
      message: 'the row is past the head: the head is missing or was set back',
    })
  }
  return { streams: heads.length, rows, flaws }
}

async function verifyStream(db: Db, head: Head): Promise<{ rows: number; flaws: Flaw[] }> {
  const flaws: Flaw[] = []
  let sequence = 0
  let hash: Buffer = Buffer.alloc(0)
  for (;;) {
    // A row that is being written now is past the head that was read.
    const links = (await listLinks(db, head.id, sequence, batch)).filter(
      (link) => link.sequence <= head.audit_sequence,
    )
    for (const link of links) {
      for (const message of flawsOf(link, sequence + 1, hash)) {
        flaws.push({ streamId: head.id, sequence: link.sequence, message })
      }
      sequence = link.sequence
      hash = link.hash
    }
    if (links.length < batch) break
  }
  if (sequence !== head.audit_sequence || !hash.equals(head.head_hash)) {
    const message = `the chain ends at ${sequence}, its head is at ${head.audit_sequence}: rows at the end are missing or changed`
    flaws.push({ streamId: head.id, sequence, message })
  }
  return { rows: sequence, flaws }
}

function flawsOf(link: Link, expected: number, previous: Buffer): string[] {
  const found: string[] = []
  if (link.sequence !== expected) found.push(`rows ${expected} to ${link.sequence - 1} are missing`)
  if (!link.previous_hash.equals(previous)) found.push('the row does not follow the row before it')
  if (!linkHash(link).equals(link.hash)) found.push('the row was changed')
  if (link.salt && link.details !== null && !detailsMac(link.salt, link.details).equals(link.details_mac)) {
    found.push('the details were changed')
  }
  return found
}

const detailsMac = (salt: Buffer, details: string) => hmacSha256(salt, details)

/** The hash that `audit_hash` of the migrations computes: over the hash before and the row as a JSON array of texts. */
function linkHash(link: Link): Buffer {
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

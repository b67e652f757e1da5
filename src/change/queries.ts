import { sql } from 'kysely'
import type { Db, Tx } from '../db/database.ts'

export type StreamEntry = {
  id: string
  action: string
  actorKind: string
  actorId: string | null
  targetId: string | null
  requestId: string
  detailsMac: string
  salt: string
  details: string
  eventId: string | null
  projectId: string | null
  data: unknown
}

/**
 * Writes audit rows, events and their deliveries of one stream and links them to its chain; locks the stream's head until the
 * end of `tx`. Returns how many deliveries there are to make.
 */
export async function appendToStream(tx: Tx, streamId: string, entries: StreamEntry[]): Promise<number> {
  const { rows } = await sql<{
    deliveries: number
  }>`select append_to_stream(${streamId}, ${JSON.stringify(entries)}::json) as deliveries`.execute(tx)
  return rows[0]?.deliveries ?? 0
}

/** The tags of all rows that this transaction changed so far and that cached answers rest on (migration 0006). */
export async function listChangedTags(tx: Tx): Promise<string[]> {
  const { rows } = await sql<{
    tags: string | null
  }>`select current_setting('silver_auth.changed', true) as tags`.execute(tx)
  return (rows[0]?.tags ?? '').split(' ').filter(Boolean)
}

/** The organizations of these people at this moment, as pairs. */
export async function listOrganizationsOf(tx: Tx, userIds: string[]) {
  return tx
    .selectFrom('memberships')
    .innerJoin('organizations', 'organizations.id', 'memberships.organization_id')
    .select(['memberships.user_id', 'memberships.organization_id'])
    .where('memberships.user_id', 'in', userIds)
    .where('organizations.deleted_at', 'is', null)
    .execute()
}

/** Takes the key for this transaction; a twin waits here until the first is over. False when it was taken before. */
export async function claimIdempotencyKey(
  tx: Tx,
  row: { actor_id: string; key: string; fingerprint: string },
) {
  const inserted = await tx
    .insertInto('idempotency_keys')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(['actor_id', 'key'])
        .doUpdateSet({ fingerprint: row.fingerprint, sealed_answer: null, created_at: sql`now()` })
        .where('idempotency_keys.created_at', '<', sql<Date>`now() - interval '24 hours'`),
    )
    .returning('key')
    .executeTakeFirst()
  return inserted !== undefined
}

export async function keepAnswer(tx: Tx, actorId: string, key: string, sealedAnswer: Buffer): Promise<void> {
  await tx
    .updateTable('idempotency_keys')
    .set({ sealed_answer: sealedAnswer })
    .where('actor_id', '=', actorId)
    .where('key', '=', key)
    .execute()
}

export async function findAnswer(db: Db, actorId: string, key: string) {
  return db
    .selectFrom('idempotency_keys')
    .select(['fingerprint', 'sealed_answer'])
    .where('actor_id', '=', actorId)
    .where('key', '=', key)
    .where('created_at', '>=', sql<Date>`now() - interval '24 hours'`)
    .executeTakeFirst()
}

/** Forgets kept answers after their day, a bounded number at a time. */
export async function deleteOldAnswers(db: Db, most: number): Promise<number> {
  const { numAffectedRows = 0n } = await sql`delete from idempotency_keys where (actor_id, key) in (
    select actor_id, key from idempotency_keys where created_at < now() - interval '24 hours' limit ${most})`.execute(
    db,
  )
  return Number(numAffectedRows)
}

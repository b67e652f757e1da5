import { sql } from 'kysely'
import type { Db } from '../../db/database.ts'

/** The number of a stream's newest event; 0 before there is one. */
export async function findNewestEvent(db: Db, streamId: string): Promise<number> {
  const head = await db
    .selectFrom('streams')
    .select('event_sequence')
    .where('id', '=', streamId)
    .executeTakeFirst()
  return head?.event_sequence ?? 0
}

export async function listEventsAfter(db: Db, streamId: string, sequence: number, most: number) {
  return db
    .selectFrom('events')
    .selectAll()
    .where('stream_id', '=', streamId)
    .where('sequence', '>', sequence)
    .orderBy('sequence')
    .limit(most)
    .execute()
}

/** Forgets events after so many days, a bounded number at a time; returns how many. */
export async function deleteOldEvents(db: Db, days: number, most: number): Promise<number> {
  const { rows } = await sql<{ deleted: number }>`
    select delete_old_events(${days}, ${most}) as deleted`.execute(db)
  return rows[0]?.deleted ?? 0
}

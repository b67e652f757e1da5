import { sql } from 'kysely'
import type { Db } from '../../db/database.ts'

/** Every stream with its head, in the order of ids. */
export async function listStreams(db: Db) {
  return db.selectFrom('streams').selectAll().orderBy('id').execute()
}

/** The number of the newest row of a stream; 0 before there is one. */
export async function findNewestRow(db: Db, streamId: string): Promise<number> {
  const head = await db
    .selectFrom('streams')
    .select('audit_sequence')
    .where('id', '=', streamId)
    .executeTakeFirst()
  return head?.audit_sequence ?? 0
}

/** The next links of a chain, with what their details were sealed with (null when erased). */
export async function listLinks(db: Db, streamId: string, after: number, most: number) {
  return db
    .selectFrom('audit_logs')
    .leftJoin('audit_details', 'audit_details.audit_id', 'audit_logs.id')
    .selectAll('audit_logs')
    .select(['audit_details.salt', 'audit_details.details'])
    .where('stream_id', '=', streamId)
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(most)
    .execute()
}

/** Rows that no head accounts for: their stream's head was removed, or set back. Sees everything at one moment. */
export async function listStrayRows(db: Db) {
  const { rows } = await sql<{ stream_id: string; sequence: number }>`
    with recursive written (id) as (
      select min(stream_id) from audit_logs
      union all
      select (select min(stream_id) from audit_logs where stream_id > written.id) from written where written.id is not null
    )
    select written.id as stream_id, last.sequence
    from written
    cross join lateral (select max(sequence) as sequence from audit_logs where stream_id = written.id) last
    left join streams on streams.id = written.id
    where last.sequence > coalesce(streams.audit_sequence, 0)`.execute(db)
  return rows
}

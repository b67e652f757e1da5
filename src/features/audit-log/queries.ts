import { sql } from 'kysely'
import type { Db } from '../../db/database.ts'

/** Every stream with its head, in the order of ids. */
export async function listStreams(db: Db) {
  return db.selectFrom('streams').selectAll().orderBy('id').execute()
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

/** Streams that have rows but no head: somebody removed the head. */
export async function listHeadlessStreams(db: Db) {
  const { rows } = await sql<{ stream_id: string }>`select distinct stream_id from audit_logs
    where not exists (select from streams where id = stream_id)`.execute(db)
  return rows
}

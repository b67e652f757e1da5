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

/** A stream's head and the newest row that there is at the same moment. */
export async function findHead(db: Db, streamId: string) {
  return db
    .selectNoFrom((select) => [
      select.selectFrom('streams').select('audit_sequence').where('id', '=', streamId).as('sequence'),
      select.selectFrom('streams').select('head_hash').where('id', '=', streamId).as('hash'),
      select
        .selectFrom('audit_logs')
        .select((of) => of.fn.max('sequence').as('newest'))
        .where('stream_id', '=', streamId)
        .as('newest'),
    ])
    .executeTakeFirstOrThrow()
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

/** The hash of a row, and that of the row before it as this row has it. */
export async function findLink(db: Db, streamId: string, sequence: number) {
  return db
    .selectFrom('audit_logs')
    .select(['sequence', 'hash', 'previous_hash'])
    .where('stream_id', '=', streamId)
    .where('sequence', '=', sequence)
    .executeTakeFirst()
}

/** The last row that was pruned of each stream. */
export async function listCheckpoints(db: Db) {
  return db.selectFrom('audit_checkpoints').selectAll().execute()
}

/** The last row of a stream that was pruned. */
export async function findCheckpoint(db: Db, streamId: string) {
  return db.selectFrom('audit_checkpoints').selectAll().where('stream_id', '=', streamId).executeTakeFirst()
}

/** The number of the first row of a stream that is there. */
export async function findFirstRow(db: Db, streamId: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('audit_logs')
    .select('sequence')
    .where('stream_id', '=', streamId)
    .orderBy('sequence')
    .limit(1)
    .executeTakeFirst()
  return row?.sequence
}

// As many are read well within the time of one statement.
const streamsPerPage = 5_000

/** The newest row of each stream behind the one with this id, some thousands of streams at most, and whether its head is behind it. */
export async function listNewestRows(db: Db, after: string) {
  const { rows } = await sql<{ stream_id: string; sequence: number; is_stray: boolean }>`
    with recursive written (id, number) as (
      select min(stream_id), 1 from audit_logs where stream_id > ${after}
      union all
      select (select min(stream_id) from audit_logs where stream_id > written.id), number + 1
      from written where written.id is not null and number < ${streamsPerPage}
    )
    select written.id as stream_id, last.sequence, last.sequence > coalesce(streams.audit_sequence, 0) as is_stray
    from written
    cross join lateral (select max(sequence) as sequence from audit_logs where stream_id = written.id) last
    left join streams on streams.id = written.id
    where written.id is not null
    order by written.id`.execute(db)
  return rows
}

/**
 * Where the chains of some thousands of streams end, behind the one with this id, at one moment; when their last row was written,
 * and up to where they are pruned.
 */
export async function listAnchorPlaces(db: Db, after: string) {
  return db
    .selectFrom('streams')
    .leftJoin('audit_logs as last', (join) =>
      join.onRef('last.stream_id', '=', 'streams.id').onRef('last.sequence', '=', 'streams.audit_sequence'),
    )
    .leftJoin('audit_checkpoints as checkpoint', 'checkpoint.stream_id', 'streams.id')
    .select(['streams.id', 'streams.audit_sequence as sequence', 'streams.head_hash as hash'])
    .select(sql<Date>`coalesce(last.occurred_at, checkpoint.occurred_at, now())`.as('occurred_at'))
    .select(sql<number>`coalesce(checkpoint.sequence, 0)`.as('pruned_sequence'))
    .where('streams.audit_sequence', '>', 0)
    .where('streams.id', '>', after)
    .orderBy('streams.id')
    .limit(streamsPerPage)
    .execute()
}

/** Lets rows go after so many days, a bounded number at a time; returns how many. */
export async function pruneRows(db: Db, days: number, most: number): Promise<number> {
  const { rows } = await sql<{ pruned: number }>`select audit_prune(${days}, ${most}) as pruned`.execute(db)
  return rows[0]?.pruned ?? 0
}

/** Erases details that mention one of these texts, among so many rows behind the one with this id. */
export async function eraseDetails(db: Db, mentions: string[], after: string, most: number) {
  const { rows } = await sql<{ last: string | null; erased: number }>`
    select last, erased from audit_erase(${mentions}::text[], ${after}, ${most})`.execute(db)
  return rows[0] ?? { last: null, erased: 0 }
}

import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../../db/database.ts'

/** What a list of audit rows is narrowed to. In `action`, `*` stands for any text. */
export type Search = {
  action?: string | undefined
  /** An id, or the kind of who has none (`system`). */
  actor?: string | undefined
  target?: string | undefined
  requestId?: string | undefined
  from?: Date | undefined
  to?: Date | undefined
}

/** Where a row stands in lists, newest first. */
export type Position = { occurredAt: Date; sequence: number; streamId: string }

type Keyset = { most: number; before: Position | undefined }

export type AuditRow = Awaited<ReturnType<typeof searchAuditLog>>[number]

/** Rows of these streams, newest first, after the one at `before`, with their details (null when erased). */
export async function searchAuditLog(db: Db, streamIds: string[], search: Search, keyset: Keyset) {
  return db
    .selectFrom('audit_logs')
    .innerJoin(positions(streamIds, search, keyset).as('found'), (join) =>
      join
        .onRef('found.stream_id', '=', 'audit_logs.stream_id')
        .onRef('found.sequence', '=', 'audit_logs.sequence'),
    )
    .leftJoin('audit_details', 'audit_details.audit_id', 'audit_logs.id')
    .selectAll('audit_logs')
    .select('audit_details.details')
    .orderBy('audit_logs.occurred_at', 'desc')
    .orderBy('audit_logs.sequence', 'desc')
    .orderBy('audit_logs.stream_id', 'desc')
    .execute()
}

type FoundPosition = { stream_id: string; sequence: number }

/** Each stream is read in its own part of an index, so that none is looked for among many others. */
const positions = (streamIds: string[], search: Search, keyset: Keyset): RawBuilder<FoundPosition> => sql`(
  select found.stream_id, found.sequence from unnest(${streamIds}::text[]) stream (id)
  cross join lateral (${ofStream(search, keyset)}) found
  order by found.at desc, found.sequence desc, found.stream_id desc limit ${keyset.most})`

function ofStream(search: Search, keyset: Keyset) {
  const { action = '*', actor, target, requestId } = search
  if (requestId !== undefined) return ofRequest(requestId, search, keyset)
  const key = [target, actor, action].filter((part) => part !== undefined).join('/')
  if (key === '*') return inOrder(sql`occurred_at`, plainTime, sql`true`, search, keyset)
  const index = target === undefined ? (actor === undefined ? byAction : byActor) : ofTarget(actor)
  return key.includes('*')
    ? ofEachKey(index, key, search, keyset)
    : ofOneKey(index, sql`${key}`, search, keyset)
}

const actorKey = sql`coalesce(actor_id, actor_kind)`

// The keys of the indexes of migration 0009, letter for letter: with another expression every row would be looked at.
const byAction = sql<string>`action collate "C"`
const byActor = sql<string>`(${actorKey} || '/' || action) collate "C"`
const byTarget = sql<string>`(target_id || '/' || action) collate "C"`
const byTargetAndActor = sql<string>`(target_id || '/' || ${actorKey} || '/' || action) collate "C"`

const ofTarget = (actor: string | undefined) => (actor === undefined ? byTarget : byTargetAndActor)

const plainTime = (at: Date) => sql`${at}`
const zonedTime = (at: Date) => sql`(${at}::timestamptz at time zone 'UTC')`

const ofOneKey = (index: RawBuilder<string>, key: RawBuilder<unknown>, search: Search, keyset: Keyset) =>
  inOrder(sql`(occurred_at at time zone 'UTC')`, zonedTime, sql`${index} = ${key}`, search, keyset)

/** There are few actions: each that is there is found by one probe, and those that fit are read one by one. */
function ofEachKey(index: RawBuilder<string>, pattern: string, search: Search, keyset: Keyset) {
  const [prefix = ''] = pattern.split('*')
  const least = (after: RawBuilder<unknown>) => sql`
    select min(${index}) from audit_logs where stream_id = stream.id and ${index} < ${`${prefix}~`} and ${after}`
  return sql`
    with recursive kind (key) as (
      ${least(sql`${index} >= ${prefix}`)}
      union all
      select (${least(sql`${index} > kind.key`)}) from kind where kind.key is not null)
    select found.* from kind cross join lateral (${ofOneKey(index, sql`kind.key`, search, keyset)}) found
    where kind.key like ${likePattern(pattern)}
    order by found.at desc, found.sequence desc limit ${keyset.most}`
}

const likePattern = (pattern: string) => pattern.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%')

/** A request did little, so what else is asked for is looked for among that. */
function ofRequest(requestId: string, search: Search, keyset: Keyset) {
  const { action, actor, target } = search
  const conditions = [
    sql`request_id = ${requestId}`,
    ...(actor === undefined ? [] : [sql`${actorKey} = ${actor}`]),
    ...(target === undefined ? [] : [sql`target_id = ${target}`]),
    ...(action === undefined ? [] : [sql`action like ${likePattern(action)}`]),
  ]
  const fits = sql`${sql.join(conditions, sql` and `)}`
  return inOrder(sql`(occurred_at at time zone 'UTC')`, zonedTime, fits, search, keyset)
}

/** The newest of a stream that fit, by the time as the index has it. */
function inOrder(
  at: RawBuilder<unknown>,
  timeOf: (at: Date) => RawBuilder<unknown>,
  fits: RawBuilder<unknown>,
  { from, to }: Search,
  { most, before }: Keyset,
) {
  const conditions = [
    sql`stream_id = stream.id`,
    fits,
    ...(from ? [sql`${at} >= ${timeOf(from)}`] : []),
    ...(to ? [sql`${at} < ${timeOf(to)}`] : []),
    ...(before
      ? [
          sql`(${at}, sequence, stream_id) < (${timeOf(before.occurredAt)}, ${before.sequence}, ${before.streamId})`,
        ]
      : []),
  ]
  return sql`
    select stream_id, ${at} as at, sequence from audit_logs where ${sql.join(conditions, sql` and `)}
    order by ${at} desc, sequence desc limit ${most}`
}

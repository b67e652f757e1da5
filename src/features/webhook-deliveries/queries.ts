import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { DeliveryStatus } from '../../db/webhook-tables.ts'
import { earliestId } from '../../lib/ids.ts'

/** Deliveries as they are shown, with their newest attempt. */
const deliveries = (db: Db) =>
  db
    .selectFrom('webhook_deliveries as delivery')
    .leftJoinLateral(
      (select) =>
        select
          .selectFrom('webhook_attempts')
          .select(['at', 'webhook_attempts.status as answered', 'latency_ms', 'error'])
          .whereRef('delivery_id', '=', 'delivery.id')
          .orderBy('number', 'desc')
          .limit(1)
          .as('last'),
      (join) => join.onTrue(),
    )
    .selectAll('delivery')
    .select(['last.at', 'last.answered', 'last.latency_ms', 'last.error'])

export async function findDelivery(db: Db, organizationId: string, id: string) {
  return deliveries(db)
    .where('delivery.organization_id', '=', organizationId)
    .where('delivery.id', '=', id)
    .executeTakeFirst()
}

/** The id that the delivery of an event to an endpoint gets when the event is written. */
export async function deliveryIdOf(tx: Tx, endpointId: string, eventId: string): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    select webhook_delivery_id(${endpointId}, ${eventId}, ${eventId}) as id`.execute(tx)
  return rows[0]?.id ?? ''
}

/** Every attempt of a delivery, the first one first. */
export async function listAttempts(db: Db, deliveryId: string) {
  return db
    .selectFrom('webhook_attempts')
    .selectAll()
    .where('delivery_id', '=', deliveryId)
    .orderBy('number')
    .execute()
}

/** What a delivery tells of; undefined once it is forgotten. */
export async function findEvent(db: Db, organizationId: string, id: string) {
  return db
    .selectFrom('events')
    .selectAll()
    .where('stream_id', '=', organizationId)
    .where('id', '=', id)
    .executeTakeFirst()
}

/** Deliveries of any of these kinds, of all without; made from `from` on and before `to`. */
export type Search = {
  kinds?: Kinds | undefined
  from?: Date | undefined
  to?: Date | undefined
}

type Kinds = {
  endpointId: string | undefined
  statuses: readonly DeliveryStatus[]
  eventTypes: readonly string[]
}

type Keyset = { most: number; before: string | undefined }

/** An organization's deliveries, newest first, after the one with id `before`. */
export async function searchDeliveries(db: Db, organizationId: string, search: Search, keyset: Keyset) {
  const ids = search.kinds
    ? idsOfKinds(organizationId, search.kinds, within(search, keyset), keyset.most)
    : sql<string>`select id from webhook_deliveries delivery
        where organization_id = ${organizationId} ${within(search, keyset)}`
  return deliveries(db)
    .where('delivery.id', 'in', sql<string>`(${ids})`)
    .orderBy('delivery.id', 'desc')
    .execute()
}

/** Each kind is read in its own part of an index, so that none is looked for among many others. */
const idsOfKinds = (
  organizationId: string,
  { endpointId, statuses, eventTypes }: Kinds,
  within: ReturnType<typeof sql>,
  most: number,
) => sql<string>`
  select found.id from webhook_endpoints endpoint
  cross join unnest(${[...statuses]}::text[]) of_status
  cross join unnest(${[...eventTypes]}::text[]) of_type
  cross join lateral (
    select id from webhook_deliveries delivery
    where endpoint_id = endpoint.id and status = of_status and event_type = of_type ${within}) found
  where endpoint.organization_id = ${organizationId}
    ${endpointId === undefined ? sql`` : sql`and endpoint.id = ${endpointId}`}
  order by found.id desc limit ${most}`

// How far the clock that ids are made by may be from the database's, by which a delivery tells when it was made: more than the
// hour by which a clock steps where somebody mistakes its time zone.
const mostClockDifferenceMs = 7_200_000

// Neither is the bare column: their indexes are of all organizations, and would be read again for each kind (migration 0007).
const madeAt = sql`created_at + interval '0'`
const madeId = sql`id collate "C"`

function within({ from, to }: Search, { most, before }: Keyset) {
  const idAt = (time: number) => earliestId('dlv', time)
  const conditions = [
    before === undefined ? sql`` : sql`and ${madeId} < ${before}`,
    from
      ? sql`and ${madeAt} >= ${from} and ${madeId} >= ${idAt(from.getTime() - mostClockDifferenceMs)}`
      : sql``,
    to ? sql`and ${madeAt} < ${to} and ${madeId} < ${idAt(to.getTime() + mostClockDifferenceMs)}` : sql``,
  ]
  return sql`${sql.join(conditions, sql` `)} order by ${madeId} desc limit ${most}`
}

/** A delivery as the worker, who may be claiming or marking it, leaves it. */
export async function lockDelivery(tx: Tx, id: string) {
  return tx
    .selectFrom('webhook_deliveries')
    .select(['status', 'event_id', 'event_type'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
}

/** Lets a delivery be attempted now, whatever became of it before. */
export async function makeDue(tx: Tx, id: string): Promise<void> {
  await tx
    .updateTable('webhook_deliveries')
    .set({
      status: sql<DeliveryStatus>`case attempts when 0 then 'pending' else 'retrying' end`,
      next_attempt_at: sql`now()`,
      completed_at: null,
    })
    .where('id', '=', id)
    .execute()
}

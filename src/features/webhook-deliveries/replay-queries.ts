import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { DeliveryStatus } from '../../db/webhook-tables.ts'
import { earliestId } from '../../lib/ids.ts'

export type Replay = {
  endpoint: { id: string; organization_id: string; project_id: string | null; event_types: string[] }
  from: Date
  to: Date | undefined
  /** Deliveries that ended so come again. */
  statuses: readonly DeliveryStatus[]
  /** Whether events come, too, that had no delivery to this endpoint. */
  withMissing: boolean
}

/**
 * The events of the time that the endpoint wants, as append_to_stream sees it, and whose delivery ended so; the oldest first.
 * What is open is not among them: it comes anyway.
 */
const wanted = ({ endpoint, from, to, statuses, withMissing }: Replay, most: number) => sql`
  select event.id as event_id, event.type as event_type, event.occurred_at, delivery.id as delivery_id,
    row_number() over (order by event.occurred_at, event.sequence) as position
  from events event
  ${withMissing ? eachWithItsDelivery(endpoint.id) : deliveriesWithTheirEvent(endpoint.id)}
  where event.stream_id = ${endpoint.organization_id} and event.occurred_at >= ${from}
    ${to ? sql`and event.occurred_at < ${to}` : sql``}
    and event.type <> 'webhook.test'
    and ${endpoint.event_types}::text[] && event_selectors(event.type)
    ${endpoint.project_id === null ? sql`` : sql`and event.project_id = ${endpoint.project_id}`}
    and (delivery.status = any(${[...statuses]}::text[]) ${withMissing ? sql`or delivery.id is null` : sql``})
  order by event.occurred_at, event.sequence limit ${most}`

// Few deliveries ended so: they are found first, then their events.
const deliveriesWithTheirEvent = (endpointId: string) => sql`
  join webhook_deliveries delivery on delivery.event_id = event.id and delivery.endpoint_id = ${endpointId}`

// Nearly all events have one: it is looked up for each, so that nothing of the endpoint is read that is of other times.
const eachWithItsDelivery = (endpointId: string) => sql`
  left join lateral (
    select id, status from webhook_deliveries where event_id = event.id and endpoint_id = ${endpointId} limit 1
  ) delivery on true`

/** How many deliveries a replay would send, and when the event of the last of them was. Looks at `most` at most. */
export async function countReplayed(db: Db, replay: Replay, most: number) {
  const { rows } = await sql<{ count: number; last: Date | null }>`
    select count(*)::integer as count, max(occurred_at) as last from (${wanted(replay, most)}) wanted`.execute(
    db,
  )
  return rows[0] ?? { count: 0, last: null }
}

/**
 * Makes deliveries due again, and those that are missing, in the order of their events; returns how many. Whoever calls holds
 * the endpoint, so that no other replay makes the same.
 */
export async function replayDeliveries(tx: Tx, replay: Replay, most: number): Promise<number> {
  const { endpoint, statuses } = replay
  const { rows } = await sql<{ count: number }>`
    with wanted as materialized (${wanted(replay, most)}), again as (
      update webhook_deliveries delivery
      set status = case attempts when 0 then 'pending' else 'retrying' end,
        next_attempt_at = now() + position * interval '1 microsecond', completed_at = null
      from wanted
      where delivery.id = wanted.delivery_id and delivery.status = any(${[...statuses]}::text[])
      returning delivery.id
    ), missing as (
      insert into webhook_deliveries
        (id, organization_id, endpoint_id, event_id, event_type, next_attempt_at, created_at)
      select webhook_delivery_id(${endpoint.id}, event_id, ${earliestId('dlv', Date.now())}),
        ${endpoint.organization_id}, ${endpoint.id}, event_id, event_type,
        now() + position * interval '1 microsecond', date_trunc('milliseconds', now())
      from wanted where delivery_id is null
      returning id
    )
    select (select count(*)::integer from again) + (select count(*)::integer from missing) as count`.execute(
    tx,
  )
  return rows[0]?.count ?? 0
}

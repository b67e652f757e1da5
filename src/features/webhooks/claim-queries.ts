import { sql } from 'kysely'
import type { Db } from '../../db/database.ts'
import { prepare } from '../../db/prepared.ts'

type Claim = {
  /** Whether endpoints whose last attempt failed are asked, or the others. */
  failing: boolean
  /** Endpoints to ask, or none for a walk. */
  endpoints: string[]
  /** A walk asks endpoints with open deliveries in the order of their ids, from the one after this; so many, or 0 for none. */
  after: string
  mostEndpoints: number
  mostDeliveries: number
  /** Organizations whose endpoints give nothing. */
  passedOver: string[]
  /** How many of each of these endpoints, and of every other. */
  known: string[]
  knownPlaces: number[]
  places: number
  leaseSeconds: number
}

/** A delivery that is ours until its lease ends, with all that its attempt needs. `data` is null when the event is gone. */
export type ClaimedDelivery = {
  id: string
  lease_token: string
  /** That are on record. */
  attempts: number
  claimed_at: Date
  organization_id: string
  endpoint_id: string
  url: string
  sealed_secret: Buffer
  sealed_previous_secret: Buffer | null
  previous_secret_signs: boolean
  event_id: string
  event_type: string
  occurred_at: Date | null
  sequence: number | null
  organization: { id: string; slug: string } | null
  data: unknown
}

type Walk = {
  /** Where the next walk begins: after the last endpoint seen, or '' after the end; null without a walk. */
  next: string | null
  /** Until the first delivery that is not due yet, of the endpoints that were seen; null when there is none. */
  seconds_to_next: number | null
}

type Taken = ClaimedDelivery & { status: 'delivering' | 'cancelled' }
type Row = Walk & (Taken | { [Column in keyof Taken]: null })

/**
 * One statement takes a lease on deliveries that are due, a few per endpoint, whoever else is claiming. It sees an endpoint in
 * one probe of the index, however much waits there, and so many endpoints at most. What is open at an endpoint that is off it
 * cancels: a change beside the one that switched off can have made it.
 */
const claim = prepare<Claim>()('claim_webhook_deliveries', (db, parameter) => ({
  compile: () =>
    sql<Row>`with recursive walk (endpoint_id, position) as (
    select (
      select endpoint_id from webhook_deliveries
      where next_attempt_at is not null and endpoint_id > ${parameter('after')}
      order by endpoint_id limit 1
    ), 1 where ${parameter('mostEndpoints')}::integer > 0
    union all
    select (
      select delivery.endpoint_id from webhook_deliveries delivery
      where delivery.next_attempt_at is not null and delivery.endpoint_id > walk.endpoint_id
      order by delivery.endpoint_id limit 1
    ), position + 1
    from walk where walk.endpoint_id is not null and position < ${parameter('mostEndpoints')}::integer
  ), asked (endpoint_id) as (
    select unnest(${parameter('endpoints')}::text[])
    union all
    select endpoint_id from walk
  ), known (endpoint_id, places) as (
    select * from unnest(${parameter('known')}::text[], ${parameter('knownPlaces')}::integer[])
  ), due as materialized (
    select delivery.id, endpoint.url, endpoint.sealed_secret, endpoint.sealed_previous_secret,
      coalesce(endpoint.previous_secret_expires_at > now(), false) as previous_secret_signs,
      endpoint.deleted_at is null and (endpoint.enabled or delivery.event_type = 'webhook.test') as is_wanted
    from asked
    -- One by one and in this order, however many endpoints there are.
    cross join lateral (select * from webhook_endpoints where id = asked.endpoint_id limit 1) endpoint
    cross join lateral (
      select id, event_type from webhook_deliveries
      where endpoint_id = asked.endpoint_id and next_attempt_at <= now()
      order by next_attempt_at
      limit coalesce(
        (select places from known where known.endpoint_id = asked.endpoint_id), ${parameter('places')}::integer)
      for update skip locked
    ) delivery
    where (endpoint.failing_since is not null) = ${parameter('failing')}
      and endpoint.organization_id <> all(${parameter('passedOver')}::text[])
    limit ${parameter('mostDeliveries')}
  ), claimed as (
    update webhook_deliveries delivery set
      status = case when is_wanted then 'delivering' else 'cancelled' end,
      next_attempt_at = case when is_wanted then now() + make_interval(secs => ${parameter('leaseSeconds')}) end,
      lease_token = case when is_wanted then gen_random_uuid() end,
      completed_at = case when not is_wanted then now() end
    from due where delivery.id = due.id
    returning delivery.id, delivery.status, delivery.lease_token, delivery.attempts, delivery.organization_id,
      delivery.endpoint_id, delivery.event_id, delivery.event_type, due.url, due.sealed_secret,
      due.sealed_previous_secret, due.previous_secret_signs
  ), seen (next, seconds_to_next) as (
    select case when bool_or(walk.endpoint_id is null) then '' else max(walk.endpoint_id) end,
      extract(epoch from min(later.next_attempt_at) - now())::double precision
    from walk left join lateral (
      select next_attempt_at from webhook_deliveries
      where endpoint_id = walk.endpoint_id and next_attempt_at > now() order by next_attempt_at limit 1
    ) later on true
  )
  select seen.*, now() as claimed_at, claimed.*, event.occurred_at, event.sequence, event.organization, event.data
  from seen left join claimed on true
  left join lateral (select * from events where id = claimed.event_id limit 1) event on true`.compile(db),
}))

/** Takes leases; returns what was taken or cancelled, and how the walk went. */
export async function claimDeliveries(db: Db, input: Claim) {
  const rows = await claim(db, input)
  const [walk] = rows
  if (!walk) throw new Error('a claim always tells of its walk')
  const taken = rows.filter((row): row is Walk & Taken => row.id !== null)
  return { next: walk.next ?? '', secondsToNext: walk.seconds_to_next, taken }
}

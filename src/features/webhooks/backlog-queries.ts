import { sql } from 'kysely'
import type { Db } from '../../db/database.ts'

// What one look may cost at most.
const mostEndpoints = 10_000
const mostDeliveries = 100_000

/**
 * How many deliveries are due and not under way, and for how long the oldest has been, of endpoints that do not fail: a receiver
 * that is down for days is its owner's matter.
 */
export async function findBacklog(db: Db) {
  const { rows } = await sql<{
    due: number
    oldest_seconds: number
  }>`with recursive walk (endpoint_id, position) as (
      select (
        select endpoint_id from webhook_deliveries
        where next_attempt_at is not null order by endpoint_id limit 1
      ), 1
      union all
      select (
        select delivery.endpoint_id from webhook_deliveries delivery
        where delivery.next_attempt_at is not null and delivery.endpoint_id > walk.endpoint_id
        order by delivery.endpoint_id limit 1
      ), position + 1
      from walk where walk.endpoint_id is not null and position < ${mostEndpoints}
    ), oldest (due_at) as (
      select min(delivery.next_attempt_at)
      from walk join webhook_endpoints endpoint on endpoint.id = walk.endpoint_id
      cross join lateral (
        select next_attempt_at from webhook_deliveries
        where endpoint_id = endpoint.id and next_attempt_at is not null order by next_attempt_at limit 1
      ) delivery
      where endpoint.failing_since is null and endpoint.enabled and endpoint.deleted_at is null
    ), due as (
      select from walk cross join lateral (
        select from webhook_deliveries
        where endpoint_id = walk.endpoint_id and next_attempt_at <= now() limit ${mostDeliveries}
      ) delivery
      limit ${mostDeliveries}
    )
    select count(*)::integer as due,
      greatest(0, coalesce(extract(epoch from now() - (select due_at from oldest)), 0))::double precision as oldest_seconds
    from due`.execute(db)
  return rows[0] ?? { due: 0, oldest_seconds: 0 }
}

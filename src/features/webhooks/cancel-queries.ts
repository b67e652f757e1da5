import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'

/** Cancels at most so many open deliveries of an endpoint, tests excepted unless it is deleted; returns how many. */
export async function cancelDeliveries(tx: Tx, endpointId: string, most: number): Promise<number> {
  return cancelOf(tx, sql`endpoint.id = ${endpointId}`, most)
}

/**
 * The same of all endpoints that are off or deleted: more than one change cancels, or made by a change that did not see yet
 * that the endpoint is off.
 */
export async function cancelLeftDeliveries(db: Db, most: number): Promise<number> {
  return cancelOf(db, sql`not endpoint.enabled or endpoint.deleted_at is not null`, most)
}

async function cancelOf(db: Db, endpoints: ReturnType<typeof sql>, most: number): Promise<number> {
  // Locked in the order of marks, so that the two do not wait for each other in a ring.
  const { numAffectedRows } = await sql`with open as materialized (
      select open.id from webhook_endpoints endpoint cross join lateral (
        select id from webhook_deliveries
        where endpoint_id = endpoint.id and next_attempt_at is not null
          and (event_type <> 'webhook.test' or endpoint.deleted_at is not null)
        limit ${most}) open
      where ${endpoints}
      limit ${most}
    ), held as materialized (
      select delivery.id from open join webhook_deliveries delivery on delivery.id = open.id
      where delivery.next_attempt_at is not null
      order by delivery.id for no key update of delivery
    )
    update webhook_deliveries delivery
    set status = 'cancelled', next_attempt_at = null, lease_token = null, completed_at = now()
    from held where delivery.id = held.id`.execute(db)
  return Number(numAffectedRows ?? 0)
}

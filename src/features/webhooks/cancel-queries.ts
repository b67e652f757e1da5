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
  const { numAffectedRows } = await sql`update webhook_deliveries
    set status = 'cancelled', next_attempt_at = null, lease_token = null, completed_at = now()
    where next_attempt_at is not null and id in (
      select open.id from webhook_endpoints endpoint cross join lateral (
        select id from webhook_deliveries
        where endpoint_id = endpoint.id and next_attempt_at is not null
          and (event_type <> 'webhook.test' or endpoint.deleted_at is not null)
        limit ${most}) open
      where ${endpoints}
      limit ${most})`.execute(db)
  return Number(numAffectedRows ?? 0)
}

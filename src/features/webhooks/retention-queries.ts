import { sql } from 'kysely'
import type { Db } from '../../db/database.ts'

/**
 * Forgets deliveries with their attempts after so many days, a bounded number at a time; never one that is still to be made,
 * also where somebody is letting it be made again right now. Where its event goes meanwhile, the worker ends it. Returns how many.
 */
export async function deleteOldDeliveries(db: Db, days: number, most: number): Promise<number> {
  const { numAffectedRows } = await sql`delete from webhook_deliveries where id in (
    select id from webhook_deliveries
    where created_at < now() - make_interval(days => ${days}) and next_attempt_at is null
    order by created_at limit ${most} for update skip locked)`.execute(db)
  return Number(numAffectedRows ?? 0)
}

/** Forgets deleted endpoints, once their deliveries are forgotten. */
export async function deleteOldEndpoints(db: Db, days: number, most: number): Promise<void> {
  await sql`delete from webhook_endpoints where id in (
    select id from webhook_endpoints endpoint where deleted_at < now() - make_interval(days => ${days})
      and not exists (select from webhook_deliveries where endpoint_id = endpoint.id)
    limit ${most})`.execute(db)
}

/**
 * Cancels what is open at endpoints that are off or deleted: more than one change cancels, or made by a change that did not
 * see yet that the endpoint is off. Returns how many.
 */
export async function cancelLeftDeliveries(db: Db, most: number): Promise<number> {
  const { numAffectedRows } = await sql`update webhook_deliveries
    set status = 'cancelled', next_attempt_at = null, lease_token = null, completed_at = now()
    where next_attempt_at is not null and id in (
      select open.id from webhook_endpoints endpoint cross join lateral (
        select id from webhook_deliveries
        where endpoint_id = endpoint.id and next_attempt_at is not null
          and (event_type <> 'webhook.test' or endpoint.deleted_at is not null)
        limit ${most}) open
      where not endpoint.enabled or endpoint.deleted_at is not null
      limit ${most})`.execute(db)
  return Number(numAffectedRows ?? 0)
}

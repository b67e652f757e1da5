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

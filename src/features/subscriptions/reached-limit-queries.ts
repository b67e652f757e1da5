import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { LimitName } from '../../db/plan-tables.ts'
import { thisMonth } from '../../db/this-month.ts'

/** Marks these parts of a limit as told of in this month (UTC); returns those that were not, the lower first. */
export async function insertReached(
  tx: Tx,
  reached: { organizationId: string; limit: LimitName; most: number; percents: number[] },
): Promise<{ month: string; percent: number }[]> {
  const { rows } = await sql<{ month: string; percent: number }>`
    insert into reached_limits (organization_id, month, limit_name, most, percent)
    select ${reached.organizationId}, ${thisMonth}, ${reached.limit}, ${reached.most},
      unnest(${reached.percents}::integer[])
    on conflict do nothing returning month, percent`.execute(tx)
  return rows.sort((a, b) => a.percent - b.percent)
}

/** Forgets what was told of in months that are over, a bounded number at a time. */
export async function deleteOldReached(db: Db, most: number): Promise<void> {
  await sql`delete from reached_limits where ctid in (
    select ctid from reached_limits
    where month < to_char(now() at time zone 'UTC' - interval '1 month', 'YYYY-MM') limit ${most})`.execute(
    db,
  )
}

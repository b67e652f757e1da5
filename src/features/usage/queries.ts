import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import { thisMonth } from '../../db/this-month.ts'

/** The project of the row that counts for all of an organization. */
const all = ''

type RecordKey = { organization_id: string; project_id: string; idempotency_key: string }

/** Takes the key for this transaction; a twin waits here until the first is over. False when it was taken in the last day. */
export async function claimRecord(tx: Tx, row: RecordKey & { metric: string; quantity: number }) {
  const inserted = await tx
    .insertInto('usage_records')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(['organization_id', 'project_id', 'idempotency_key'])
        .doUpdateSet({
          metric: row.metric,
          quantity: row.quantity,
          month: null,
          counter: null,
          created_at: sql`now()`,
        })
        .where('usage_records.created_at', '<', sql<Date>`now() - interval '24 hours'`),
    )
    .returning('project_id')
    .executeTakeFirst()
  return inserted !== undefined
}

const recordsOf = (key: RecordKey) =>
  sql<boolean>`(organization_id, project_id, idempotency_key) = (${key.organization_id}, ${key.project_id}, ${key.idempotency_key})`

export async function findRecord(db: Db, key: RecordKey) {
  return db.selectFrom('usage_records').selectAll().where(recordsOf(key)).executeTakeFirstOrThrow()
}

export async function keepRecord(tx: Tx, key: RecordKey, answer: { month: string; counter: number }) {
  await tx.updateTable('usage_records').set(answer).where(recordsOf(key)).execute()
}

/**
 * Forgets records an hour after their day, so that none goes between a claim that found it and its answer; a bounded number at a
 * time. Returns how many.
 */
export async function deleteOldRecords(db: Db, most: number): Promise<number> {
  const { numAffectedRows = 0n } = await sql`delete from usage_records
    where (organization_id, project_id, idempotency_key) in (
      select organization_id, project_id, idempotency_key from usage_records
      where created_at < now() - interval '25 hours' order by created_at limit ${most})`.execute(db)
  return Number(numAffectedRows)
}

// The largest number that JSON carries exactly.
const added = sql`least(usage_counters.quantity + excluded.quantity, ${sql.lit(Number.MAX_SAFE_INTEGER)})`

/**
 * Adds to this month's counter of a project and returns it with the organization's. The organization's row is held until the
 * end of the transaction, so who reads limits after this reads them for what the counter is.
 */
export async function addToCounter(
  tx: Tx,
  { organizationId, projectId, metric, quantity }: Addition & { projectId: string },
) {
  const { rows } = await sql<{ month: string; counter: number; total: number }>`
    with own as (
      insert into usage_counters (organization_id, month, metric, project_id, quantity, untold_since)
      values (${organizationId}, ${thisMonth}, ${metric}, ${projectId}, ${quantity}, now())
      on conflict (organization_id, month, metric, project_id) do update
        set quantity = ${added}, untold_since = coalesce(usage_counters.untold_since, now())
      returning month, quantity as counter),
    total as (
      insert into usage_counters (organization_id, month, metric, project_id, quantity)
      select ${organizationId}, month, ${metric}, ${all}, ${quantity} from own
      on conflict (organization_id, month, metric, project_id) do update set quantity = ${added}
      returning quantity as total)
    select month, counter, total from own, total`.execute(tx)
  return rows[0] as (typeof rows)[number]
}

export type Addition = { organizationId: string; metric: string; quantity: number }

/** Adds to this month's counters of whole organizations, in one order; returns what they are now, and holds them likewise. */
export async function addToTotals(tx: Tx, metric: string, additions: Omit<Addition, 'metric'>[]) {
  const { rows } = await sql<{ organization_id: string; total: number }>`
    insert into usage_counters (organization_id, month, metric, project_id, quantity)
    select "organizationId", ${thisMonth}, ${metric}, ${all}, quantity
    from json_to_recordset(${JSON.stringify(additions)}::json) as added ("organizationId" text, quantity bigint)
    order by "organizationId"
    on conflict (organization_id, month, metric, project_id) do update set quantity = ${added}
    returning organization_id, quantity as total`.execute(tx)
  return rows
}

/** Counters of these months, the newest month first. */
export async function listCounters(
  db: Db,
  organizationId: string,
  { from, to }: { from: string; to: string },
) {
  return db
    .selectFrom('usage_counters')
    .select(['month', 'metric', 'project_id', 'quantity'])
    .where('organization_id', '=', organizationId)
    .where('month', '>=', from)
    .where('month', '<=', to)
    .orderBy('month', 'desc')
    .orderBy('metric')
    .orderBy('project_id')
    .execute()
}

/** Takes counters that grew more than a minute ago and since were not told of; one that is counted at this moment is left out. */
export async function takeUntold(tx: Tx, most: number) {
  const { rows } = await sql<{
    organization_id: string
    project_id: string
    metric: string
    month: string
    quantity: number
    counter: number
  }>`with untold as (
      select organization_id, month, metric, project_id, quantity, quantity - told_quantity as more
      from usage_counters where untold_since < now() - interval '1 minute'
      order by untold_since limit ${most} for no key update skip locked)
    update usage_counters counter set told_quantity = untold.quantity, untold_since = null
    from untold
    where (counter.organization_id, counter.month, counter.metric, counter.project_id)
      = (untold.organization_id, untold.month, untold.metric, untold.project_id)
    returning untold.organization_id, untold.project_id, untold.metric, untold.month, untold.more as quantity,
      untold.quantity as counter`.execute(tx)
  return rows
}

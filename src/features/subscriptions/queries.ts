import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { Override, Status } from '../../db/plan-tables.ts'
import type { Schema } from '../../db/schema.ts'
import { thisMonth } from '../../db/this-month.ts'

export async function listListedPlans(db: Db) {
  return db.selectFrom('plans').selectAll().where('listed', '=', true).orderBy('position').execute()
}

export async function insertFreeSubscription(tx: Tx, organizationId: string): Promise<void> {
  await tx
    .insertInto('subscriptions')
    .values({
      organization_id: organizationId,
      plan_key: 'free',
      status: 'active',
      current_period_start: sql`now()`,
    })
    .execute()
}

const ofPlan = <Column extends keyof Schema['plans']>(column: Column) =>
  sql<
    Schema['plans'][Column]
  >`(select plans.${sql.ref(column)} from plans where plans.key = subscriptions.plan_key)`.as(column)

// A locked row that waited for a change is read anew, and what is asked in its columns with it. A joined plan is not: it would
// no longer fit, and there would be no row at all.
const subscriptions = (db: Db) =>
  db
    .selectFrom('subscriptions')
    .selectAll('subscriptions')
    .select([ofPlan('name'), ofPlan('project_limit'), ofPlan('user_limit')])
    .select([ofPlan('webhook_endpoint_limit'), ofPlan('monthly_session_limit')])
    .select(sql<Date>`clock_timestamp()`.as('asked_at'))

/**
 * Holds the subscription of the organization with this id or slug until the end of the transaction; undefined where there is no
 * such organization.
 */
export async function lockSubscription(tx: Tx, idOrSlug: string) {
  return (
    subscriptions(tx)
      .innerJoin('organizations', 'organizations.id', 'subscriptions.organization_id')
      .where((where) =>
        where.or([where('organizations.id', '=', idOrSlug), where('organizations.slug', '=', idOrSlug)]),
      )
      .where('organizations.deleted_at', 'is', null)
      .forUpdate('subscriptions')
      // Only a locked row is read anew after waiting, and a deletion shows in this one.
      .forShare('organizations')
      .executeTakeFirst()
  )
}

/** The subscription with its plan, and when that was asked. */
export async function findSubscription(db: Db, organizationId: string) {
  return subscriptions(db).where('subscriptions.organization_id', '=', organizationId).executeTakeFirst()
}

/** The same of many organizations. */
export async function listSubscriptions(db: Db, organizationIds: string[]) {
  return subscriptions(db)
    .where('subscriptions.organization_id', '=', sql<string>`any(${organizationIds}::text[])`)
    .execute()
}

export type SubscriptionFields = {
  plan_key?: string
  status?: Status
  seat_limit?: number | null
  current_period_start?: Date | null
  current_period_end?: Date | null
  overrides?: Override[]
}

export async function updateSubscription(
  tx: Tx,
  organizationId: string,
  { overrides, ...fields }: SubscriptionFields,
): Promise<void> {
  await tx
    .updateTable('subscriptions')
    .set({
      ...fields,
      // The driver would write an array of Postgres.
      ...(overrides && { overrides: sql<Override[]>`${JSON.stringify(overrides)}::jsonb` }),
      updated_at: sql`now()`,
    })
    .where('organization_id', '=', organizationId)
    .execute()
}

export async function countProjects(db: Db, organizationId: string): Promise<number> {
  const { used } = await db
    .selectFrom('projects')
    .select((count) => count.fn.countAll<number>().as('used'))
    .where('organization_id', '=', organizationId)
    .executeTakeFirstOrThrow()
  return used
}

/** Members, and invitations of one person each that can still be accepted: those have their place already. */
export async function countUsers(db: Db, organizationId: string): Promise<number> {
  const members = db
    .selectFrom('memberships')
    .select((count) => count.fn.countAll<number>().as('used'))
    .where('organization_id', '=', organizationId)
  const invited = db
    .selectFrom('invitations')
    .select((count) => count.fn.countAll<number>().as('used'))
    .where('organization_id', '=', organizationId)
    .where('status', '=', 'pending')
    .where('max_uses', '=', 1)
    .where('expires_at', '>', sql<Date>`statement_timestamp()`)
  const counts = await members.unionAll(invited).execute()
  return counts.reduce((sum, { used }) => sum + used, 0)
}

export async function countWebhookEndpoints(db: Db, organizationId: string): Promise<number> {
  const { used } = await db
    .selectFrom('webhook_endpoints')
    .select((count) => count.fn.countAll<number>().as('used'))
    .where('organization_id', '=', organizationId)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow()
  return used
}

/** Those that were counted in this month, ours and those that back ends reported. */
export async function countMonthlySessions(db: Db, organizationId: string): Promise<number> {
  const counter = await db
    .selectFrom('usage_counters')
    .select('quantity')
    .where('organization_id', '=', organizationId)
    .where('month', '=', thisMonth)
    .where('metric', '=', 'monthly_sessions')
    .where('project_id', '=', '')
    .executeTakeFirst()
  return counter?.quantity ?? 0
}

export async function findPlan(db: Db, key: string) {
  return db.selectFrom('plans').selectAll().where('key', '=', key).executeTakeFirst()
}

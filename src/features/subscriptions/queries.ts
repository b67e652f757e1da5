import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'

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

/** The subscription with its plan; whoever adds or widens something holds its row until the end of the transaction. */
export async function lockSubscription(tx: Tx, organizationId: string) {
  return (
    tx
      .selectFrom('subscriptions')
      .innerJoin('plans', 'plans.key', 'subscriptions.plan_key')
      .innerJoin('organizations', 'organizations.id', 'subscriptions.organization_id')
      .selectAll('plans')
      .select('subscriptions.status')
      .where('subscriptions.organization_id', '=', organizationId)
      .where('organizations.deleted_at', 'is', null)
      .forUpdate('subscriptions')
      // Only a locked row is read anew after waiting, and a deletion shows in this one.
      .forShare('organizations')
      .executeTakeFirst()
  )
}

/** Plan and use of projects as they are now, for pages that show how much is left. */
export async function findProjectAllowance(db: Db, organizationId: string) {
  return db
    .selectFrom('subscriptions')
    .innerJoin('plans', 'plans.key', 'subscriptions.plan_key')
    .select([
      'plans.name as plan_name',
      'plans.project_limit',
      'subscriptions.status',
      'subscriptions.plan_key',
    ])
    .select((select) =>
      select
        .selectFrom('projects')
        .select((count) => count.fn.countAll<number>().as('used'))
        .where('projects.organization_id', '=', organizationId)
        .as('used'),
    )
    .where('subscriptions.organization_id', '=', organizationId)
    .executeTakeFirstOrThrow()
}

export async function countProjects(tx: Tx, organizationId: string): Promise<number> {
  const { used } = await tx
    .selectFrom('projects')
    .select((count) => count.fn.countAll<number>().as('used'))
    .where('organization_id', '=', organizationId)
    .executeTakeFirstOrThrow()
  return used
}

/** Members, and invitations of one person each that can still be accepted: those have their place already. */
export async function countUsers(tx: Tx, organizationId: string): Promise<number> {
  const members = tx
    .selectFrom('memberships')
    .select((count) => count.fn.countAll<number>().as('used'))
    .where('organization_id', '=', organizationId)
  const invited = tx
    .selectFrom('invitations')
    .select((count) => count.fn.countAll<number>().as('used'))
    .where('organization_id', '=', organizationId)
    .where('status', '=', 'pending')
    .where('max_uses', '=', 1)
    .where('expires_at', '>', sql<Date>`now()`)
  const counts = await members.unionAll(invited).execute()
  return counts.reduce((sum, { used }) => sum + used, 0)
}

export async function countWebhookEndpoints(tx: Tx, organizationId: string): Promise<number> {
  const { used } = await tx
    .selectFrom('webhook_endpoints')
    .select((count) => count.fn.countAll<number>().as('used'))
    .where('organization_id', '=', organizationId)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow()
  return used
}

export async function findPlan(db: Db, key: string) {
  return db.selectFrom('plans').selectAll().where('key', '=', key).executeTakeFirstOrThrow()
}

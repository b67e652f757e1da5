import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import { prepare } from '../../db/prepared.ts'
import type { Schema } from '../../db/schema.ts'

type Role = Schema['memberships']['role']

type NewOrganization = { id: string; slug: string; name: string }

/** Undefined when the slug is taken. */
export async function insertOrganization(tx: Tx, organization: NewOrganization) {
  return tx
    .insertInto('organizations')
    .values(organization)
    .onConflict((conflict) => conflict.column('slug').doNothing())
    .returningAll()
    .executeTakeFirst()
}

const memberships = (db: Db) =>
  db
    .selectFrom('memberships')
    .innerJoin('organizations', 'organizations.id', 'memberships.organization_id')
    .innerJoin('subscriptions', 'subscriptions.organization_id', 'organizations.id')
    .where('organizations.deleted_at', 'is', null)
    .selectAll('organizations')
    .select([
      'memberships.organization_id',
      'memberships.role',
      'subscriptions.plan_key',
      'subscriptions.status',
    ])

/** The person's membership in the organization with this id or slug. */
export async function findMembershipOf(db: Db, userId: string, idOrSlug: string) {
  return memberships(db)
    .where('memberships.user_id', '=', userId)
    .where((where) =>
      where.or([where('organizations.id', '=', idOrSlug), where('organizations.slug', '=', idOrSlug)]),
    )
    .executeTakeFirst()
}

/** The organizations in which the person has one of these roles, the newest thousand. */
export async function listOrganizationsByRole(db: Db, userId: string, roles: Role[]): Promise<string[]> {
  const rows = await memberships(db)
    .where('memberships.user_id', '=', userId)
    .where('memberships.role', 'in', roles)
    .clearSelect()
    .select('memberships.organization_id')
    .orderBy('memberships.organization_id', 'desc')
    .limit(1_000)
    .execute()
  return rows.map(({ organization_id }) => organization_id)
}

/** The organization with this id or slug that is not deleted. */
export async function findOrganization(db: Db, idOrSlug: string) {
  return db
    .selectFrom('organizations')
    .select(['id', 'slug'])
    .where((where) => where.or([where('id', '=', idOrSlug), where('slug', '=', idOrSlug)]))
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
}

const isNotRefused = (sessionId: string) =>
  sql<boolean>`not exists (select from session_organizations sight where sight.session_id = ${sessionId}
    and sight.organization_id = organizations.id and sight.revoked_at is not null)`

/** How many organizations the person owns that are not deleted. */
export async function countOwned(db: Db, userId: string): Promise<number> {
  const { count } = await db
    .selectFrom('memberships')
    .innerJoin('organizations', 'organizations.id', 'memberships.organization_id')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('user_id', '=', userId)
    .where('role', '=', 'owner')
    .where('organizations.deleted_at', 'is', null)
    .executeTakeFirstOrThrow()
  return count
}

/** The person's organizations that do not refuse this session, newest first, after the one with id `before`. */
export async function listMemberships(
  db: Db,
  { userId, sessionId }: { userId: string; sessionId: string },
  page: { most: number; before?: string | undefined },
) {
  return memberships(db)
    .where('memberships.user_id', '=', userId)
    .where(isNotRefused(sessionId))
    .$if(page.before !== undefined, (query) => query.where('organizations.id', '<', page.before ?? ''))
    .orderBy('organizations.id', 'desc')
    .limit(page.most)
    .execute()
}

/** The same without pages: the newest thousand. */
export const listAllMemberships = prepare<{ userId: string; sessionId: string }>()(
  'list_all_memberships',
  (db, parameter) =>
    memberships(db)
      .where('memberships.user_id', '=', parameter('userId'))
      .where(isNotRefused(parameter('sessionId')))
      .orderBy('organizations.id', 'desc')
      .limit(sql.lit(1_000)),
)

/** Where the person worked last, else the organization they joined first. */
export async function findLastOrganization(db: Db, userId: string): Promise<string | null> {
  const row = await db
    .selectFrom('memberships')
    .innerJoin('organizations', 'organizations.id', 'memberships.organization_id')
    .leftJoin('sessions', (join) =>
      join
        .onRef('sessions.user_id', '=', 'memberships.user_id')
        .onRef('sessions.active_organization_id', '=', 'memberships.organization_id'),
    )
    .select('memberships.organization_id')
    .where('memberships.user_id', '=', userId)
    .where('organizations.deleted_at', 'is', null)
    .orderBy(sql`sessions.last_seen_at desc nulls last`)
    .orderBy('memberships.created_at')
    .limit(1)
    .executeTakeFirst()
  return row?.organization_id ?? null
}

export async function lockOrganization(tx: Tx, id: string) {
  return tx
    .selectFrom('organizations')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
}

type OrganizationFields = { name?: string | undefined; slug?: string | undefined }

export async function updateOrganization(tx: Tx, id: string, { name, slug }: OrganizationFields) {
  return tx
    .updateTable('organizations')
    .set({
      ...(name === undefined ? {} : { name }),
      ...(slug === undefined ? {} : { slug }),
      updated_at: sql`now()`,
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function markOrganizationDeleted(tx: Tx, id: string): Promise<void> {
  await tx.updateTable('organizations').set({ deleted_at: sql`now()` }).where('id', '=', id).execute()
}

const hasHadItsTime = sql`organization.deleted_at < now() - interval '30 days'`

/** Forgets deliveries, which can be millions, of organizations that are to be purged; returns how many. */
export async function deleteDeliveriesToPurge(db: Db, most: number): Promise<number> {
  const { numAffectedRows } = await sql`delete from webhook_deliveries where id in (
    select delivery.id from organizations organization cross join lateral (
      select id from webhook_deliveries where organization_id = organization.id limit ${most}) delivery
    where ${hasHadItsTime} limit ${most})`.execute(db)
  return Number(numAffectedRows ?? 0)
}

/** Removes organizations for good 30 days after they were deleted, once they have no deliveries; their streams stay. */
export async function purgeOrganizations(db: Db, most: number): Promise<void> {
  await sql`delete from organizations where id in (
    select id from organizations organization where ${hasHadItsTime}
      and not exists (select from webhook_deliveries where organization_id = organization.id)
    limit ${most})`.execute(db)
}

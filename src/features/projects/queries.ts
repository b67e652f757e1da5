import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import { prepare } from '../../db/prepared.ts'

type Urls = {
  redirect_urls: string[]
  origins: string[]
  after_sign_in_url: string | null
  after_sign_up_url: string | null
}
type NewProject = Urls & {
  id: string
  organization_id: string
  slug: string
  name: string
  publishable_key: string
}

/** Undefined when the organization has a project with this slug. */
export async function insertProject(tx: Tx, project: NewProject) {
  return tx
    .insertInto('projects')
    .values(project)
    .onConflict((conflict) => conflict.columns(['organization_id', 'slug']).doNothing())
    .returningAll()
    .executeTakeFirst()
}

export async function findProjectOf(db: Db, organizationId: string, idOrSlug: string) {
  return db
    .selectFrom('projects')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where((where) => where.or([where('id', '=', idOrSlug), where('slug', '=', idOrSlug)]))
    .executeTakeFirst()
}

export async function lockProject(tx: Tx, organizationId: string, idOrSlug: string) {
  return tx
    .selectFrom('projects')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where((where) => where.or([where('id', '=', idOrSlug), where('slug', '=', idOrSlug)]))
    .forUpdate()
    .executeTakeFirst()
}

/** An organization's projects, newest first, after the one with id `before`. */
export async function listProjectsOf(
  db: Db,
  organizationId: string,
  page: { most: number; before?: string | undefined },
) {
  return db
    .selectFrom('projects')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .$if(page.before !== undefined, (query) => query.where('id', '<', page.before ?? ''))
    .orderBy('id', 'desc')
    .limit(page.most)
    .execute()
}

export type ProjectFields = Partial<Urls & { slug: string; name: string; status: 'active' | 'disabled' }>

export async function updateProject(tx: Tx, id: string, fields: ProjectFields) {
  return tx
    .updateTable('projects')
    .set({ ...fields, updated_at: sql`now()` })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function deleteProjectRow(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('projects').where('id', '=', id).execute()
}

/** Everything a browser app is told, by publishable key. */
export const findClientConfig = prepare<{ publishableKey: string }>()('find_client_config', (db, parameter) =>
  db
    .selectFrom('projects')
    .innerJoin('organizations', 'organizations.id', 'projects.organization_id')
    .selectAll('projects')
    .select(['organizations.slug as organization_slug', 'organizations.name as organization_name'])
    .where('projects.publishable_key', '=', parameter('publishableKey'))
    .where('organizations.deleted_at', 'is', null),
)

/** An active project that has registered the origin. */
export async function findProjectByOrigin(db: Db, origin: string) {
  return db
    .selectFrom('projects')
    .innerJoin('organizations', 'organizations.id', 'projects.organization_id')
    .select(['projects.id', 'projects.organization_id'])
    .where('projects.status', '=', 'active')
    .where('organizations.deleted_at', 'is', null)
    .where('projects.origins', '@>', sql<string[]>`array[${origin}]`)
    .limit(1)
    .executeTakeFirst()
}

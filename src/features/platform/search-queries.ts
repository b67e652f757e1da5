import { type RawBuilder, type Selectable, type SelectQueryBuilder, sql } from 'kysely'
import type { Db } from '../../db/database.ts'
import type { Schema } from '../../db/schema.ts'

type Keyset = { most: number; before: string | undefined }

/** Secret keys with this prefix, those that ended included, newest first, with project and organization. */
export async function listKeysWithPrefix(db: Db, prefix: string, { most, before }: Keyset) {
  return db
    .selectFrom('secret_keys as key')
    .innerJoin('projects as project', 'project.id', 'key.project_id')
    .innerJoin('organizations as organization', 'organization.id', 'key.organization_id')
    .select(['key.id', 'key.prefix', 'key.created_at', 'key.expires_at', 'key.last_used_at'])
    .select(['project.id as project_id', 'project.slug as project_slug', 'project.name as project_name'])
    .select(['project.status as project_status', 'organization.id as organization_id'])
    .select(['organization.slug as organization_slug', 'organization.name as organization_name'])
    .where('key.prefix', '=', prefix)
    .$if(before !== undefined, (query) => query.where('key.id', '<', before ?? ''))
    .orderBy('key.id', 'desc')
    .limit(most)
    .execute()
}

/** What people and organizations are searched by: the beginnings of words, all of them; or an id, whole. */
export type Search = { words: string[] } | { id: string } | undefined

/** The words of a text, as the indexes of migration 0012 have them. */
const wordsOf = (text: RawBuilder<string>) =>
  sql`array_to_tsvector(array_remove(regexp_split_to_array(lower(${text}), '[ -/:-@[-\`{-~]+'), ''))`

/** That each of these words, which have no quotation marks and no backslashes, begins one of a text. */
const begins = (text: RawBuilder<string>, words: string[]) =>
  sql<boolean>`${wordsOf(text)} @@ lower(${words.map((word) => `'${word}':*`).join(' & ')})::tsquery`

/**
 * The order of a list. What words find is sorted, for which no index is bare enough: Postgres guesses how much they find, and where
 * it guesses too much it reads everything from the newest on, looking for what hardly anything matches.
 */
const orderOf = (id: 'users.id' | 'organizations.id', search: Search) =>
  search && 'words' in search ? sql<string>`${sql.ref(id)} || ''` : sql.ref<string>(id)

const ofUser = sql<string>`coalesce(display_name, '') || ' ' || email`
const ofOrganization = sql<string>`name || ' ' || slug`

/** Organizations, deleted ones included until they are purged, newest first. */
export async function searchOrganizations(db: Db, search: Search, { most, before }: Keyset) {
  const order = orderOf('organizations.id', search)
  const found = db
    .selectFrom('organizations')
    .selectAll()
    .$if(search !== undefined, (query) =>
      search && 'id' in search
        ? query.where('id', '=', search.id)
        : query.where(begins(ofOrganization, search?.words ?? [])),
    )
    .$if(before !== undefined, (query) => query.where(order, '<', before ?? ''))
    .orderBy(order, 'desc')
    .limit(most)
  return db
    .selectFrom(found.as('organization'))
    .innerJoin('subscriptions', 'subscriptions.organization_id', 'organization.id')
    .selectAll('organization')
    .select(['subscriptions.plan_key', 'subscriptions.status'])
    .orderBy('organization.id', 'desc')
    .execute()
}

/** People, of one organization alone where that is named by id or slug, newest first. */
export async function searchUsers(
  db: Db,
  search: Search,
  organization: string | undefined,
  { most, before }: Keyset,
) {
  const order = orderOf('users.id', search)
  const organizationId = db
    .selectFrom('organizations')
    .select('organizations.id')
    .where((where) =>
      where.or([where('id', '=', organization ?? ''), where('slug', '=', organization ?? '')]),
    )
  const found = db
    .selectFrom('users')
    .selectAll('users')
    .$if(search !== undefined, (query) =>
      search && 'id' in search
        ? query.where('users.id', '=', search.id)
        : query.where(begins(ofUser, search?.words ?? [])),
    )
    .$if(organization !== undefined, (query) =>
      query
        .innerJoin('memberships', 'memberships.user_id', 'users.id')
        .where('memberships.organization_id', '=', organizationId),
    )
    .$if(before !== undefined, (query) => query.where(order, '<', before ?? ''))
    .orderBy(order, 'desc')
    .limit(most)
  return inFull(db, found).orderBy('person.id', 'desc').execute()
}

export const findUserInFull = async (db: Db, id: string) =>
  inFull(db, db.selectFrom('users').selectAll().where('id', '=', id)).executeTakeFirst()

const inFull = (db: Db, found: SelectQueryBuilder<Schema, 'users', Selectable<Schema['users']>>) =>
  db
    .selectFrom(found.as('person'))
    .select(['person.id', 'person.email', 'person.email_verified_at', 'person.display_name'])
    .select(['person.disabled_at', 'person.created_at'])
    .select(
      sql<boolean>`exists (select from password_credentials where user_id = person.id)`.as('has_password'),
    )
    .select(
      sql<Date | null>`(select max(last_seen_at) from sessions where user_id = person.id)`.as(
        'last_active_at',
      ),
    )

/** The organizations of these people that are not deleted, with their role in each. */
export async function listMembershipsOf(db: Db, userIds: string[]) {
  if (userIds.length === 0) return []
  return db
    .selectFrom('memberships')
    .innerJoin('organizations', 'organizations.id', 'memberships.organization_id')
    .select(['memberships.user_id', 'memberships.role'])
    .select(['organizations.id', 'organizations.slug', 'organizations.name'])
    .where('memberships.user_id', 'in', userIds)
    .where('organizations.deleted_at', 'is', null)
    .orderBy('organizations.id', 'desc')
    .execute()
}

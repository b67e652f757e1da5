import type { PlatformAdmin, System } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Db } from '../../db/database.ts'
import { AppError, notFound } from '../../errors.ts'
import { type Page, readPage } from '../../lib/pages.ts'
import * as users from '../users/disabling.ts'
import { searchFor } from './search.ts'
import { findUserInFull, listMembershipsOf, searchUsers } from './search-queries.ts'

type Row = Awaited<ReturnType<typeof searchUsers>>[number]
export type FoundUser = Row & { organizations: Awaited<ReturnType<typeof listMembershipsOf>> }

/** All people, or those that a text finds, of one organization where that is asked for, newest first. */
export async function findUsers(
  ctx: Context,
  _admin: PlatformAdmin,
  { query, organization }: { query?: string | undefined; organization?: string | undefined },
  page: Page,
) {
  const search = searchFor('usr', query)
  const scope = `platform users ${JSON.stringify([query, organization])}`
  const { rows, nextCursor } = await readPage(ctx, scope, page, (keyset) =>
    searchUsers(ctx.db, search, organization, keyset),
  )
  return { users: await withOrganizations(ctx.db, rows), nextCursor }
}

/** Lets a person sign in no more; all their sessions end with it, here and on every replica. */
export async function disableUser(
  ctx: Context,
  admin: PlatformAdmin | System,
  id: string,
): Promise<FoundUser> {
  if (admin.kind === 'user' && id === admin.userId)
    throw new AppError('conflict', 'You cannot disable your own account.')
  return change.silent(ctx, admin, 'a second time changes nothing', async (tx, record) => {
    await users.disableUser(tx, record, id)
    return getUser(tx, id)
  })
}

export async function enableUser(
  ctx: Context,
  admin: PlatformAdmin | System,
  id: string,
): Promise<FoundUser> {
  return change.silent(ctx, admin, 'a second time changes nothing', async (tx, record) => {
    await users.enableUser(tx, record, id)
    return getUser(tx, id)
  })
}

async function getUser(db: Db, id: string): Promise<FoundUser> {
  const row = await findUserInFull(db, id)
  const [user] = await withOrganizations(db, row ? [row] : [])
  if (!user) throw notFound('user')
  return user
}

async function withOrganizations(db: Db, rows: Row[]): Promise<FoundUser[]> {
  const memberships = await listMembershipsOf(
    db,
    rows.map(({ id }) => id),
  )
  const ofPerson = Map.groupBy(memberships, ({ user_id }) => user_id)
  return rows.map((row) => ({ ...row, organizations: ofPerson.get(row.id) ?? [] }))
}

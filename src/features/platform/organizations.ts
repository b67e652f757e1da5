import type { PlatformAdmin } from '../../actors.ts'
import type { Context } from '../../context.ts'
import { type Page, readPage } from '../../lib/pages.ts'
import { searchFor } from './search.ts'
import { searchOrganizations } from './search-queries.ts'

export type FoundOrganization = Awaited<ReturnType<typeof searchOrganizations>>[number]

/** All organizations, or those that a text finds, newest first. */
export async function findOrganizations(
  ctx: Context,
  _admin: PlatformAdmin,
  query: string | undefined,
  page: Page,
) {
  const search = searchFor('org', query)
  return readPage(ctx, `platform organizations ${JSON.stringify(query)}`, page, (keyset) =>
    searchOrganizations(ctx.db, search, keyset),
  )
}

import type { MemberWho } from '../../actors.ts'
import type { Context } from '../../context.ts'
import { type Page, readPage } from '../../lib/pages.ts'
import { listProjectsSeen, listSights, type SightFilters } from './queries.ts'

export type OrganizationSession = Awaited<ReturnType<typeof listSights>>[number] & {
  projects: { id: string; slug: string; name: string }[]
}

/** The live sessions that the member's organization saw, newest first: its own view of them, never more. */
export async function listOrganizationSessions(
  ctx: Context,
  { organizationId }: MemberWho<'sessions.read'>,
  filters: SightFilters,
  page: Page,
): Promise<{ sessions: OrganizationSession[]; nextCursor: string | null }> {
  const scope = `sessions ${organizationId} ${JSON.stringify(filters)}`
  const { rows, nextCursor } = await readPage(ctx, scope, page, (keyset) =>
    listSights(ctx.db, organizationId, filters, { idleDays: ctx.config.session.idleDays, ...keyset }),
  )
  const ids = rows.map(({ id }) => id)
  const projects = Map.groupBy(
    await listProjectsSeen(ctx.db, organizationId, ids),
    ({ session_id }) => session_id,
  )
  return { sessions: rows.map((row) => ({ ...row, projects: projects.get(row.id) ?? [] })), nextCursor }
}

import type { BackendApp, MemberWho, SignedInUser } from '../../actors.ts'
import type { Context } from '../../context.ts'
import { type FeedPosition, readFeed } from '../../lib/feeds.ts'
import { type Page, readPage } from '../../lib/pages.ts'
import { enterOrganizationsWhere } from '../organizations/organizations.ts'
import { findNewestRow, listLinks } from './queries.ts'
import { type AuditRow, type Position, type Search, searchAuditLog } from './search-queries.ts'

/** The audit rows of the caller's organization, oldest first. */
export async function feedAuditLog(ctx: Context, { organizationId }: BackendApp, position: FeedPosition) {
  return readFeed(position, {
    findNewest: () => findNewestRow(ctx.db, organizationId),
    listAfter: (sequence, most) => listLinks(ctx.db, organizationId, sequence, most),
  })
}

/** The audit rows of the member's organization, newest first. */
export async function listAuditLog(
  ctx: Context,
  { organizationId }: MemberWho<'audit.read'>,
  search: Search,
  page: Page,
) {
  return readRows(ctx, `audit log ${organizationId}`, [organizationId], search, page)
}

/** Those of every organization whose audit log the caller's role lets them read, newest first. */
export async function listAuditLogs(ctx: Context, user: SignedInUser, search: Search, page: Page) {
  const organizationIds = await enterOrganizationsWhere(ctx, user, 'audit.read')
  return readRows(ctx, `audit logs ${user.userId}`, organizationIds, search, page)
}

function readRows(ctx: Context, list: string, streamIds: string[], search: Search, page: Page) {
  const { action, actor, target, requestId, from, to } = search
  const scope = `${list} ${JSON.stringify([action, actor, target, requestId, from, to])}`
  return readPage(
    ctx,
    scope,
    page,
    ({ most, before }) =>
      searchAuditLog(ctx.db, streamIds, search, { most, before: before ? positionFrom(before) : undefined }),
    (row) => positionText(row),
  )
}

/** Where a row stands, to read on behind it. */
export const positionOf = (row: AuditRow): Position => ({
  occurredAt: row.occurred_at,
  sequence: row.sequence,
  streamId: row.stream_id,
})

const positionText = (row: AuditRow) => JSON.stringify(positionOf(row))

function positionFrom(text: string): Position {
  const position = JSON.parse(text)
  return { ...position, occurredAt: new Date(position.occurredAt) }
}

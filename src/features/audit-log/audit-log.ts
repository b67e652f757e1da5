import type { BackendApp } from '../../actors.ts'
import type { Context } from '../../context.ts'
import { type FeedPosition, readFeed } from '../../lib/feeds.ts'
import { findNewestRow, listLinks } from './queries.ts'

export type AuditRow = Awaited<ReturnType<typeof listLinks>>[number]

/** The audit rows of the caller's organization, oldest first. */
export async function listAuditLog(ctx: Context, { organizationId }: BackendApp, position: FeedPosition) {
  return readFeed(position, {
    findNewest: () => findNewestRow(ctx.db, organizationId),
    listAfter: (sequence, most) => listLinks(ctx.db, organizationId, sequence, most),
  })
}

import type { BackendApp, MemberWho } from '../../actors.ts'
import type { Context } from '../../context.ts'
import { type FeedPosition, readFeed } from '../../lib/feeds.ts'
import { findNewestEvent, listEventsAfter } from './queries.ts'

/** The events of the caller's organization in the order in which they were committed, without gaps. */
export async function listEvents(
  ctx: Context,
  { organizationId }: BackendApp | MemberWho<'webhooks.read'>,
  position: FeedPosition,
) {
  return readFeed(position, {
    findNewest: () => findNewestEvent(ctx.db, organizationId),
    listAfter: (sequence, most) => listEventsAfter(ctx.db, organizationId, sequence, most),
  })
}

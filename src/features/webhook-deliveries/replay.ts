import type { MemberWho } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { AppError, invalidInput } from '../../errors.ts'
import { getEndpoint, getLockedEndpoint } from '../webhooks/endpoints.ts'
import { countReplayed, type Replay, replayDeliveries } from './replay-queries.ts'

export type ReplayRequest = { from: Date; to?: Date | undefined; status: 'failed' | 'all' }

// What one statement does well within its time.
const mostReplayed = 5_000

/**
 * Sends events of a time again that the endpoint wants: those whose delivery failed or was cancelled, or all that are not still
 * to be sent, also from before it wanted them. An event that had a delivery keeps it.
 */
export async function replayEvents(
  ctx: Context,
  member: MemberWho<'webhooks.write'>,
  id: string,
  { from, to, status }: ReplayRequest,
) {
  const { organizationId } = member
  const replayed = await change(ctx, member, async (tx, record) => {
    const endpoint = await getLockedEndpoint(tx, organizationId, id)
    const replay = replayTo(endpoint, { from, to, status })
    refuseTooMany(await countReplayed(tx, replay, mostReplayed + 1))
    const count = await replayDeliveries(tx, replay, mostReplayed)
    const data = { id: endpoint.id, from, to, status, count }
    record('webhook_endpoint.events_replayed', { organizationId, target: endpoint.id, data })
    return { count }
  })
  ctx.deliveriesMade.notify()
  return replayed
}

/** How many deliveries that would be, and whether it would be refused. */
export async function previewReplay(
  ctx: Context,
  member: MemberWho<'webhooks.write'>,
  id: string,
  request: ReplayRequest,
) {
  const replay = replayTo(await getEndpoint(ctx, member, id), request)
  const counted = await countReplayed(ctx.db, replay, mostReplayed + 1)
  refuseTooMany(counted)
  return { count: counted.count }
}

function replayTo(
  endpoint: Replay['endpoint'] & { enabled: boolean },
  { from, to, status }: ReplayRequest,
): Replay {
  if (!endpoint.enabled) throw new AppError('conflict', 'The endpoint is disabled.')
  const all = status === 'all'
  const statuses = ['failed', 'cancelled', ...(all ? ['succeeded' as const] : [])] as const
  return { endpoint, from, to, statuses, withMissing: all }
}

function refuseTooMany({ count, last }: { count: number; last: Date | null }): void {
  if (count <= mostReplayed || !last) return
  const parts = `are more than ${mostReplayed} events; replay up to ${last.toISOString()}, then go on from there`
  throw invalidInput('to', parts)
}

import type { MemberWho } from '../../actors.ts'
import type { Context } from '../../context.ts'
import type { Db } from '../../db/database.ts'
import type { DeliveryStatus } from '../../db/webhook-tables.ts'
import { notFound } from '../../errors.ts'
import { isId } from '../../lib/ids.ts'
import { type Page, readPage } from '../../lib/pages.ts'
import { eventBody } from '../events/event-body.ts'
import { eventTypes } from '../webhooks/event-types.ts'
import { findDelivery, findEvent, listAttempts, searchDeliveries } from './queries.ts'

export type Delivery = NonNullable<Awaited<ReturnType<typeof findDelivery>>>

/** Everything that a delivery can tell of. */
export const deliveredTypes = [...eventTypes, 'webhook.test'] as const

export const deliveryStatuses = [
  'pending',
  'delivering',
  'retrying',
  'succeeded',
  'failed',
  'cancelled',
] as const satisfies readonly DeliveryStatus[]

export type DeliveryFilters = {
  endpoint?: string | undefined
  status?: DeliveryStatus | undefined
  eventType?: string | undefined
  from?: Date | undefined
  to?: Date | undefined
}

/** Deliveries of the member's organization, newest first. */
export async function listDeliveries(
  ctx: Context,
  { organizationId }: MemberWho<'webhooks.read'>,
  { endpoint, status, eventType, from, to }: DeliveryFilters,
  page: Page,
) {
  const kinds = (endpoint ?? status ?? eventType) !== undefined && {
    endpointId: endpoint,
    statuses: status ? [status] : deliveryStatuses,
    eventTypes: eventType ? [eventType] : deliveredTypes,
  }
  const scope = `webhook deliveries ${organizationId} ${JSON.stringify([endpoint, status, eventType, from, to])}`
  return readPage(ctx, scope, page, (keyset) =>
    searchDeliveries(ctx.db, organizationId, { from, to, ...(kinds && { kinds }) }, keyset),
  )
}

/** A delivery with all its attempts and what it sends, of which nothing is left once the event is forgotten. */
export async function getDelivery(ctx: Context, { organizationId }: MemberWho<'webhooks.read'>, id: string) {
  const delivery = await getRow(ctx.db, organizationId, id)
  const [attempts, event] = await Promise.all([
    listAttempts(ctx.db, delivery.id),
    findEvent(ctx.db, organizationId, delivery.event_id),
  ])
  return { delivery, attempts, body: event ? eventBody(event) : null }
}

/** A delivery of this organization; throws `404 not_found`. */
export async function getRow(db: Db, organizationId: string, id: string): Promise<Delivery> {
  const row = isId('dlv', id) ? await findDelivery(db, organizationId, id) : undefined
  if (!row) throw notFound('webhook delivery')
  return row
}

import type { MemberWho } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { AppError, notFound } from '../../errors.ts'
import { findLockedEndpoint } from '../webhooks/endpoints.ts'
import { type Delivery, getRow } from './deliveries.ts'
import { findEvent, lockDelivery, makeDue } from './queries.ts'

/**
 * Lets a delivery be attempted now, also one that had ended. The attempt counts as the next of its schedule, which goes on
 * behind it; at its end, it is the last.
 */
export async function retryDelivery(
  ctx: Context,
  member: MemberWho<'webhooks.write'>,
  id: string,
): Promise<Delivery> {
  const { organizationId } = member
  const retried = await change(ctx, member, async (tx, record) => {
    const { endpoint_id: endpointId } = await getRow(tx, organizationId, id)
    const endpoint = await findLockedEndpoint(tx, organizationId, endpointId)
    const delivery = await lockDelivery(tx, id)
    if (!delivery) throw notFound('webhook delivery')
    const { event_id: eventId, event_type: eventType } = delivery
    if (!endpoint) throw conflict('Its endpoint is deleted.')
    if (!endpoint.enabled && eventType !== 'webhook.test') throw conflict('Its endpoint is disabled.')
    if (delivery.status === 'delivering') throw conflict('It is being attempted right now.')
    if (!(await findEvent(tx, organizationId, eventId))) throw conflict('Its event is no longer kept.')
    await makeDue(tx, id)
    const data = { id, endpointId, eventId, eventType }
    record('webhook_endpoint.delivery_retried', { organizationId, target: id, data })
    return getRow(tx, organizationId, id)
  })
  ctx.deliveriesMade.notify()
  return retried
}

const conflict = (message: string) => new AppError('conflict', message)

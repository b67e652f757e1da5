import type { MemberWho } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { newId } from '../../lib/ids.ts'
import { getLockedEndpoint } from '../webhooks/endpoints.ts'
import type { EventType } from '../webhooks/event-types.ts'
import { exampleEvents } from './example-events.ts'
import { deliveryIdOf } from './queries.ts'

/** Sends an event that says of itself that it is a test to one endpoint alone, also when it is disabled. */
export async function testEndpoint(
  ctx: Context,
  member: MemberWho<'webhooks.write'>,
  id: string,
  eventType?: EventType,
) {
  const { organizationId } = member
  return change(ctx, member, async (tx, record) => {
    const endpoint = await getLockedEndpoint(tx, organizationId, id)
    const eventId = newId('evt')
    const example = eventType && { eventType, example: exampleEvents[eventType] }
    const data = { id: endpoint.id, isTest: true, ...example }
    record('webhook.test', { organizationId, target: endpoint.id, data, eventId })
    return { deliveryId: await deliveryIdOf(tx, endpoint.id, eventId) }
  })
}

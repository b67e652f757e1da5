import type { MemberWho } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { newWebhookSecret } from '../../lib/standard-webhooks.ts'
import { type EndpointRow, replaceSecret } from './endpoint-queries.ts'
import { openEndpointSecret, sealEndpointSecret } from './endpoint-secrets.ts'
import { endpointEventData, getLockedEndpoint } from './endpoints.ts'

/** Makes a new secret; the one before goes on signing for `overlapSeconds`, so that receivers have time to learn the new one. */
export async function rotateEndpointSecret(
  ctx: Context,
  member: MemberWho<'webhooks.write'>,
  id: string,
  overlapSeconds: number,
) {
  const { organizationId } = member
  const secret = newWebhookSecret()
  return change(ctx, member, async (tx, record) => {
    const before = await getLockedEndpoint(tx, organizationId, id)
    // Nobody may know the secret in between yet, and receivers that know the one before would refuse everything.
    if (overlapSeconds > 0 && before.previous_secret_signs) throw stillOverlapping()
    // What cannot be opened cannot sign, and would keep the new one from signing.
    const mayOverlap = before.disabled_reason !== 'unreadable_secret' && isReadable(ctx, before)
    const overlap = mayOverlap ? overlapSeconds : 0
    await replaceSecret(tx, before.id, sealEndpointSecret(ctx, before.id, secret), overlap)
    const data = endpointEventData(before)
    record('webhook_endpoint.secret_rotated', { organizationId, target: before.id, data })
    return { secret }
  })
}

function isReadable(ctx: Context, { id, sealed_secret: sealed }: EndpointRow): boolean {
  try {
    openEndpointSecret(ctx, id, sealed)
    return true
  } catch {
    return false
  }
}

const stillOverlapping = () =>
  new AppError(
    'conflict',
    'The secret before this one still signs. Wait until its overlap ends, or rotate with overlapSeconds 0.',
  )

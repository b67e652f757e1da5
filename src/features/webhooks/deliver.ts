import type { Context } from '../../context.ts'
import type { KeptConnections } from '../../lib/safe-fetch/kept-connections.ts'
import { eventBody } from '../events/event-body.ts'
import { type AttemptResult, attemptDelivery } from './attempt.ts'
import type { ClaimedDelivery } from './claim-queries.ts'
import type { Disabling } from './disable-endpoint.ts'
import { openEndpointSecret } from './endpoint-secrets.ts'
import type { Mark } from './mark-queries.ts'
import { waitSeconds } from './schedule.ts'

export type Delivered = {
  outcome: Parameters<Context['metrics']['webhookAttempts']['add']>[0]
  /** Undefined when the attempt was given up because the service stops. */
  mark?: Mark
  /** Why the endpoint is to get nothing more. */
  disables?: Disabling
}

type Sending = { signal: AbortSignal; connections: KeptConnections }

/** Attempts a claimed delivery once. Never rejects; what is wrong on our side is not sent. */
export async function deliver(ctx: Context, claimed: ClaimedDelivery, sending: Sending): Promise<Delivered> {
  try {
    return await send(ctx, claimed, sending)
  } catch (error) {
    ctx.log.error({ err: error, deliveryId: claimed.id }, 'a delivery could not be attempted')
    return unsent(
      claimed,
      'the attempt could not be made',
      waitSeconds(numberOf(claimed), { status: null }, Math.random),
    )
  }
}

async function send(
  ctx: Context,
  claimed: ClaimedDelivery,
  { signal, connections }: Sending,
): Promise<Delivered> {
  const { occurred_at, sequence, organization, data } = claimed
  if (occurred_at === null || sequence === null) return unsent(claimed, 'the event is no longer kept')
  const secrets = openSecrets(ctx, claimed)
  if (!secrets) {
    const error = 'the signing secret cannot be read: rotate it, then enable the endpoint again'
    return { ...unsent(claimed, error), outcome: 'unreadable_secret', disables: 'unreadable_secret' }
  }
  const event = { id: claimed.event_id, type: claimed.event_type, occurred_at, sequence, organization, data }
  const result = await attemptDelivery({
    endpoint: { url: claimed.url, secrets },
    event: { id: event.id, body: eventBody(event) },
    now: claimed.claimed_at,
    rules: ctx.config.webhooks.addressRules,
    signal,
    keeping: { connections, owner: claimed.endpoint_id },
  })
  if (result.stopped) return { outcome: 'released' }
  const { status, error, detail } = result
  if (error === null) return { outcome: 'succeeded', mark: markOf(claimed, result) }
  const { id: deliveryId, endpoint_id: endpointId } = claimed
  ctx.log.info({ endpointId, deliveryId, status, error, detail }, 'a webhook was not taken')
  if (result.disables) return { outcome: 'failed', mark: markOf(claimed, result), disables: 'gone' }
  const wait = waitSeconds(numberOf(claimed), result, Math.random)
  return { outcome: 'failed', mark: markOf(claimed, result, wait) }
}

/** Of this attempt; one that was lost before it was put on record does not count. */
const numberOf = (claimed: ClaimedDelivery) => claimed.attempts + 1

type Shown = Pick<AttemptResult, 'status' | 'latencyMs' | 'error' | 'requestHeaders' | 'answer'>

/** With `waitSeconds` it is tried again after that. */
const markOf = (claimed: ClaimedDelivery, result: Shown, waitSeconds?: number): Mark => ({
  id: claimed.id,
  lease_token: claimed.lease_token,
  outcome: result.error === null ? 'succeeded' : waitSeconds === undefined ? 'failed' : 'retrying',
  wait_seconds: waitSeconds ?? null,
  was_sent: true,
  number: numberOf(claimed),
  at: claimed.claimed_at,
  status: result.status,
  latency_ms: result.latencyMs,
  error: result.error,
  request_headers: result.requestHeaders,
  answer: result.answer,
})

function unsent(claimed: ClaimedDelivery, error: string, waitSeconds?: number) {
  const nothing = { status: null, latencyMs: 0, requestHeaders: {}, answer: null }
  const mark = { ...markOf(claimed, { ...nothing, error }, waitSeconds), was_sent: false }
  return { outcome: 'unsent', mark } satisfies Delivered
}

/** The newest first; undefined when one cannot be opened, since it may be the only one that the receiver knows. */
function openSecrets(ctx: Context, claimed: ClaimedDelivery): string[] | undefined {
  const { endpoint_id: endpointId, sealed_previous_secret: previous, previous_secret_signs: signs } = claimed
  const sealed = previous && signs ? [claimed.sealed_secret, previous] : [claimed.sealed_secret]
  try {
    return sealed.map((secret) => openEndpointSecret(ctx, endpointId, secret))
  } catch (error) {
    ctx.log.error({ err: error, endpointId }, 'the signing secret of a webhook endpoint cannot be read')
    return undefined
  }
}

import { version } from '../../lib/package-root.ts'
import { failures } from '../../lib/safe-fetch/failures.ts'
import type { AddressRules } from '../../lib/safe-fetch/judge-address.ts'
import { type Keeping, postSafely } from '../../lib/safe-fetch/post-safely.ts'
import { webhookHeaders } from '../../lib/standard-webhooks.ts'

/** One event for one endpoint. `secrets` are open, the newest first; `now` is what the receiver is told of the time. */
export type Attempt = {
  endpoint: { url: string; secrets: readonly string[] }
  event: { id: string; body: string }
  now: Date
  rules: AddressRules
  /** Gives up at once, as when the service stops. */
  signal?: AbortSignal
  totalMs?: number
  /** Where the connection waits for the endpoint's next delivery; otherwise it is closed. */
  keeping?: Keeping
}

export type AttemptResult = {
  succeeded: boolean
  /** Given up by `signal`: it says nothing about the receiver, who may have got the event nevertheless. */
  stopped: boolean
  status: number | null
  latencyMs: number
  /** All that the tenant is told of a failure. */
  error: string | null
  /** For our log alone: it can tell of our network. */
  detail: string | null
  requestHeaders: Record<string, string>
  /** The start of the answer, as plain text. */
  answer: string | null
  retryAfterSeconds?: number
  /** The receiver is gone for good and wants nothing more. */
  disables: boolean
}

const mostRead = { readBytes: 65_536, keepBytes: 2_048 }

/** Sends an event once. Whatever goes wrong out there is in the result, never thrown. */
export async function attemptDelivery({
  endpoint,
  event,
  now,
  totalMs = 15_000,
  ...sending
}: Attempt): Promise<AttemptResult> {
  const requestHeaders = {
    'content-type': 'application/json',
    'user-agent': `Silver-Auth-Webhooks/${version}`,
    ...webhookHeaders({ ...event, sentAt: now }, endpoint.secrets),
  }
  const { url } = endpoint
  const request = { url, headers: requestHeaders, body: event.body, totalMs, ...mostRead, ...sending }
  const { latencyMs, ...posted } = await postSafely(request)
  if (posted.outcome === 'failed') {
    const { failure, detail } = posted
    const stopped = failure === 'stopped'
    return { ...nothing, stopped, latencyMs, error: failures[failure], detail, requestHeaders }
  }
  const { status, kept: answer, retryAfterSeconds } = posted
  const error = errorOf(status)
  return {
    ...nothing,
    succeeded: error === null,
    status,
    latencyMs,
    error,
    requestHeaders,
    answer,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    disables: status === 410,
  }
}

const nothing = {
  succeeded: false,
  stopped: false,
  status: null,
  detail: null,
  answer: null,
  disables: false,
}

function errorOf(status: number): string | null {
  if (status >= 200 && status < 300) return null
  if (status >= 300 && status < 400) return `the answer was a redirect (${status}), which is not followed`
  return status === 410 ? 'the answer was 410: the receiver wants nothing more' : `the answer was ${status}`
}

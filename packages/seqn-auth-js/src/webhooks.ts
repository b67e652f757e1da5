import { fromBase64, subtle, utf8 } from './bytes.js'
import { SeqnAuthError } from './errors.js'
import type { SeqnAuthEventType } from './event-types.js'

export { SeqnAuthError, type SeqnAuthErrorCode } from './errors.js'
export type { SeqnAuthEventType } from './event-types.js'

/** What a webhook tells. `id` is the same in every attempt: whoever has seen it skips it. */
export type SeqnAuthEvent = {
  id: string
  /** Types that a later service adds come too. */
  type: SeqnAuthEventType | (string & {})
  timestamp: string
  /** Grows by one per organization, without gaps. */
  sequence: number
  organization: { id: string; slug: string }
  data: Record<string, unknown> & { previous?: Record<string, unknown> }
  /** Set when the resource was too large to be sent whole. */
  truncated?: boolean
}

/** Headers as a `Headers` object, or as Node and its frameworks keep them. */
export type WebhookHeaders = Headers | Record<string, string | string[] | undefined>

/** How to verify a webhook. */
export type VerifyWebhookOptions = {
  /** How far the sender's clock may differ, either way; 300 unless told. */
  toleranceSeconds?: number | undefined
}

/** Verifies a delivery by Standard Webhooks 1.0 and answers its event. `rawBody` is the body as it came, not parsed. */
export async function verifyWebhook(
  rawBody: string | Uint8Array | ArrayBuffer,
  headers: WebhookHeaders,
  secrets: string | readonly string[],
  { toleranceSeconds = 300 }: VerifyWebhookOptions = {},
): Promise<SeqnAuthEvent> {
  const keys = await Promise.all([secrets].flat().map(importSecret))
  if (keys.length === 0) throw new SeqnAuthError('invalid_webhook_secret', 'No webhook secret was given.')
  const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map((name) => header(headers, name))
  if (!id || !timestamp || !signatures) throw refused('One of the headers webhook-* is missing.')

  const body = typeof rawBody === 'string' ? utf8(rawBody) : new Uint8Array(rawBody)
  const start = utf8(`${id}.${timestamp}.`)
  const signed = new Uint8Array(start.length + body.length)
  signed.set(start)
  signed.set(body, start.length)
  // WebCrypto compares in constant time.
  const attempts = given(signatures).flatMap((signature) =>
    keys.map((key) => subtle().verify('HMAC', key, signature, signed)),
  )
  if (!(await Promise.all(attempts)).includes(true)) throw refused('No signature fits.')

  const ageSeconds = Date.now() / 1000 - (/^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN)
  if (!(Math.abs(ageSeconds) <= toleranceSeconds))
    throw new SeqnAuthError('invalid_webhook_timestamp', 'The webhook is too old, or from the future.')
  return parsed(body)
}

const refused = (message: string) => new SeqnAuthError('invalid_webhook_signature', message)

async function importSecret(secret: string): Promise<CryptoKey> {
  const bytes = fromBase64(secret.replace(/^whsec_/, ''))
  if (!bytes?.length)
    throw new SeqnAuthError('invalid_webhook_secret', 'A webhook secret is whsec_ and base64.')
  return subtle().importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
}

function header(headers: WebhookHeaders, name: string): string | undefined {
  const wanted = `webhook-${name}`
  // Not `instanceof`: frameworks bring a Headers of their own.
  if (typeof headers.get === 'function') return (headers as Headers).get(wanted) ?? undefined
  const values = Object.entries(headers).flatMap(([key, value]) =>
    key.toLowerCase() === wanted ? (value ?? []) : [],
  )
  return values.length === 1 ? values[0] : undefined
}

/** The signatures of version 1 in the header; others are of schemes to come. */
const given = (signatures: string) =>
  signatures.split(' ').flatMap((text) => (/^v1,/.test(text) ? (fromBase64(text.slice(3)) ?? []) : []))

function parsed(body: Uint8Array): SeqnAuthEvent {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (cause) {
    throw new SeqnAuthError('invalid_webhook_body', 'The body of the webhook is not JSON.', { cause })
  }
}

import { randomBytes } from 'node:crypto'
import { hmacSha256 } from './secrets.ts'

const prefix = 'whsec_'

/** What one attempt sends; `id` stays the same in every attempt, `sentAt` does not. */
export type Message = { id: string; sentAt: Date; body: string }

/** A new signing secret: the prefix and the standard base64 of 32 random bytes. */
export function newWebhookSecret(): string {
  return prefix + randomBytes(32).toString('base64')
}

/** The headers of Standard Webhooks 1.0, with one signature per secret, so that receivers may know either of two. */
export function webhookHeaders({ id, sentAt, body }: Message, secrets: readonly string[]) {
  const timestamp = String(Math.floor(sentAt.getTime() / 1_000))
  const signed = `${id}.${timestamp}.${body}`
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map((secret) => `v1,${signature(secret, signed)}`).join(' '),
  }
}

/** Whether a text has the form of such a secret, of whatever length. */
export function isWebhookSecret(text: string): boolean {
  const key = text.slice(prefix.length)
  // Anybody can sign with an empty key.
  return text.startsWith(prefix) && key !== '' && Buffer.from(key, 'base64').toString('base64') === key
}

function signature(secret: string, signed: string): string {
  if (!isWebhookSecret(secret)) throw new Error('a webhook secret is whsec_ and base64')
  return hmacSha256(Buffer.from(secret.slice(prefix.length), 'base64'), signed).toString('base64')
}

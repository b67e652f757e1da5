import { Webhook as StandardWebhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { describe, expect, it } from 'vitest'
import { newWebhookSecret, webhookHeaders } from '../../src/lib/standard-webhooks.ts'

const event = { id: 'evt_1', type: 'project.created', data: { name: 'Größe – 尺寸 👍' } }
const message = { id: event.id, sentAt: new Date(), body: JSON.stringify(event) }

it('makes secrets of 32 bytes in standard base64, each another', () => {
  const secrets = Array.from({ length: 200 }, newWebhookSecret)
  for (const secret of secrets) expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  expect(new Set(secrets).size).toBe(200)
})

it('signs as Standard Webhooks 1.0 prescribes', () => {
  // The example of the specification's own reference implementations.
  const headers = webhookHeaders(
    {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      sentAt: new Date(1_614_265_330_999),
      body: '{"test": 2432232314}',
    },
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
  )
  expect(headers).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

it.each(['', 'whsec_', 'whsec_%%%', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])(
  'signs with no secret as unfit as "%s"',
  (secret) => {
    expect(() => webhookHeaders(message, [secret])).toThrow('a webhook secret is whsec_ and base64')
  },
)

describe.each([
  ['standardwebhooks', StandardWebhook],
  ['svix', SvixWebhook],
])('%s', (_name, Webhook) => {
  const secret = newWebhookSecret()
  const verify = (by: string, body: string, headers: Record<string, string>) =>
    new Webhook(by).verify(body, headers)

  it('verifies two hundred messages', () => {
    for (let i = 0; i < 200; i++) {
      const by = newWebhookSecret()
      const body = JSON.stringify({ ...event, data: String.fromCodePoint(i, 0x1f300 + i).repeat(i) })
      expect(() => verify(by, body, webhookHeaders({ ...message, body }, [by]))).not.toThrow()
    }
  })

  it('verifies with the new and with the old secret while both sign, and with no other', () => {
    const old = newWebhookSecret()
    const headers = webhookHeaders(message, [secret, old])
    expect(headers['webhook-signature'].split(' ')).toHaveLength(2)
    expect(() => verify(secret, message.body, headers)).not.toThrow()
    expect(() => verify(old, message.body, headers)).not.toThrow()
    expect(() => verify(newWebhookSecret(), message.body, headers)).toThrow('No matching signature')
    expect(() => verify(old, message.body, webhookHeaders(message, [secret]))).toThrow(
      'No matching signature',
    )
  })

  it('refuses each changed byte of the body, another id and another timestamp', () => {
    const headers = webhookHeaders(message, [secret])
    for (let at = 0; at < message.body.length; at++) {
      const changed = `${message.body.slice(0, at)}~${message.body.slice(at + 1)}`
      expect(() => verify(secret, changed, headers)).toThrow('No matching signature')
    }
    const later = String(Number(headers['webhook-timestamp']) + 1)
    for (const change of [{ 'webhook-id': 'evt_2' }, { 'webhook-timestamp': later }])
      expect(() => verify(secret, message.body, { ...headers, ...change })).toThrow('No matching signature')
  })
})

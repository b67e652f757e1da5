import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { eventTypes } from '../../../src/features/webhooks/event-types.ts'
import {
  type Message,
  newWebhookSecret as newSecret,
  webhookHeaders,
} from '../../../src/lib/standard-webhooks.ts'
import { type SeqnAuthEventType, verifyWebhook } from '../src/webhooks.ts'
import { thrownBy } from './support/thrown.ts'

const secret = newSecret()
const event = { id: 'evt_1', type: 'project.created', sequence: 1042, data: { name: 'Größe – 尺寸' } }
const body = JSON.stringify(event)

type Delivery = { id?: string; ageSeconds?: number; by?: string; text?: string }

/** What the service sends, signed by the reference implementation. */
function delivery({ id = 'evt_1', ageSeconds = 0, by = secret, text = body }: Delivery = {}) {
  const timestamp = new Date(Math.floor(Date.now() / 1000 - ageSeconds) * 1000)
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp.getTime() / 1000),
    'webhook-signature': new Webhook(by).sign(id, timestamp, text),
  }
}

const sentAt = (headers: { 'webhook-timestamp': string }) =>
  new Date(Number(headers['webhook-timestamp']) * 1000)

const signedBy =
  (Judge: typeof Webhook | typeof SvixWebhook) =>
  ({ id, sentAt, body }: Message, by: string) =>
    new Judge(by).sign(id, sentAt, body)

const codeOf = async (...given: Parameters<typeof verifyWebhook>) =>
  (await thrownBy(() => verifyWebhook(...given))).code

describe('accepts', () => {
  it.each([
    ['the service', (message: Message, by: string) => webhookHeaders(message, [by])['webhook-signature']],
    ['standardwebhooks', signedBy(Webhook)],
    ['svix', signedBy(SvixWebhook)],
  ])('what %s signs, two hundred times', async (_who, sign) => {
    for (let i = 0; i < 200; i++) {
      const by = newSecret()
      const text = JSON.stringify({ ...event, data: randomBytes(i).toString('latin1') })
      const headers = delivery({ by, text, id: `evt_${i}` })
      headers['webhook-signature'] = sign({ id: `evt_${i}`, sentAt: sentAt(headers), body: text }, by)
      expect(await verifyWebhook(text, headers, by)).toEqual(JSON.parse(text))
      expect(await codeOf(text, headers, newSecret())).toBe('invalid_webhook_signature')
    }
  })

  it('what the service signs twice while a secret is being rotated', async () => {
    const old = newSecret()
    const headers = webhookHeaders({ id: 'evt_1', sentAt: new Date(), body }, [secret, old])
    expect(await verifyWebhook(body, headers, secret)).toEqual(event)
    expect(await verifyWebhook(body, headers, old)).toEqual(event)
  })

  it('a body as text, bytes or buffer, and headers in any form', async () => {
    const headers = delivery()
    const bytes = new TextEncoder().encode(body)
    const shouted = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toUpperCase(), [value]]),
    )
    const foreign = { get: (name: string) => new Headers(headers).get(name) } as Headers
    for (const raw of [body, bytes, bytes.buffer, Buffer.from(body)])
      for (const form of [headers, new Headers(headers), foreign, shouted])
        expect(await verifyWebhook(raw, form, secret)).toEqual(event)
  })

  it('several signatures and several secrets, in any order', async () => {
    const old = newSecret()
    const [mine, theirs] = [delivery(), delivery({ by: old })]
    const both = {
      ...mine,
      'webhook-signature': `v1a,AAAA v2,x v1,%% v1, ${theirs['webhook-signature']} ${mine['webhook-signature']}`,
    }
    expect(await verifyWebhook(body, both, secret)).toEqual(event)
    expect(await verifyWebhook(body, both, old)).toEqual(event)
    expect(await verifyWebhook(body, theirs, [secret, old])).toEqual(event)
    expect(await codeOf(body, both, newSecret())).toBe('invalid_webhook_signature')
  })

  it('a secret without its prefix', async () => {
    expect(await verifyWebhook(body, delivery(), secret.slice('whsec_'.length))).toEqual(event)
  })

  it('a timestamp within the tolerance, either way', async () => {
    for (const ageSeconds of [295, -295])
      expect(await verifyWebhook(body, delivery({ ageSeconds }), secret)).toEqual(event)
    const patient = { toleranceSeconds: 3_600 }
    expect(await verifyWebhook(body, delivery({ ageSeconds: 3_000 }), secret, patient)).toEqual(event)
  })
})

describe('refuses', () => {
  it('any changed byte of the body', async () => {
    const headers = delivery()
    const bytes = Buffer.from(body)
    for (const [at, byte] of bytes.entries()) {
      const changed = Buffer.from(bytes)
      changed[at] = byte ^ 1
      expect(await codeOf(changed, headers, secret)).toBe('invalid_webhook_signature')
    }
    for (const changed of [`${body} `, body.slice(1), ''])
      expect(await codeOf(changed, headers, secret)).toBe('invalid_webhook_signature')
  })

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const)(
    'another %s, none, or two',
    async (name) => {
      const headers = delivery()
      const another = { ...delivery({ id: 'evt_2', ageSeconds: 1, by: newSecret() }) }[name]
      for (const value of [another, '', undefined, [headers[name], another]])
        expect(await codeOf(body, { ...headers, [name]: value }, secret)).toBe('invalid_webhook_signature')
    },
  )

  it.each([301, -302, 90_000])('a delivery that is %s seconds old', async (ageSeconds) => {
    expect(await codeOf(body, delivery({ ageSeconds }), secret)).toBe('invalid_webhook_timestamp')
  })

  it('a signed timestamp that is no number of seconds', async () => {
    const now = Math.floor(Date.now() / 1000)
    for (const timestamp of [
      `${now}.0`,
      `0x${now.toString(16)}`,
      `+${now}`,
      'now',
      '1e9',
      'Infinity',
      '-1',
      ' 1',
      '0x10',
      'NaN',
    ]) {
      const { createHmac } = await import('node:crypto')
      const key = Buffer.from(secret.slice(6), 'base64')
      const signature = createHmac('sha256', key).update(`evt_1.${timestamp}.${body}`).digest('base64')
      const headers = {
        'webhook-id': 'evt_1',
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      }
      expect(await codeOf(body, headers, secret)).toBe('invalid_webhook_timestamp')
    }
  })

  it.each(['', 'v1', 'v1,', 'v1,AAAA', 'v2,AAAA', 'v1,%%%', ',', ' '])(
    'the signature "%s"',
    async (signature) => {
      const headers = { ...delivery(), 'webhook-signature': signature }
      expect(await codeOf(body, headers, secret)).toBe('invalid_webhook_signature')
    },
  )

  it('to work without a usable secret', async () => {
    for (const wrong of ['', 'whsec_', 'whsec_%%%', []])
      expect(await codeOf(body, delivery(), wrong)).toBe('invalid_webhook_secret')
  })

  it('a signed body that is not JSON', async () => {
    expect(await codeOf('{', delivery({ text: '{' }), secret)).toBe('invalid_webhook_body')
  })
})

it('knows the types of events that the service has', () => {
  expectTypeOf<SeqnAuthEventType>().toEqualTypeOf<(typeof eventTypes)[number] | 'webhook.test'>()
})

import { Webhook as StandardWebhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { beforeEach, describe, expect, it } from 'vitest'
import { newWebhookSecret } from '../../src/lib/standard-webhooks.ts'
import { makeDue, type Receiving, startedWith, untilStatuses } from '../support/webhook-worker.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const started = startedWith(world)
let { organization, receiver, endpoint } = {} as Receiving
let secrets: { new: string; old: string }

beforeEach(async () => {
  ;({ organization, receiver, endpoint } = await started.receiving({ eventTypes: ['project.created'] }))
  const rotated = await organization.owner.post(`${endpoint.path}/rotate-secret`, { overlapSeconds: 3_600 })
  secrets = { new: rotated.body.secret, old: endpoint.secret }
})

/** What came of an event while two secrets sign, or after the older one ended: of its first attempt and of its second. */
async function received() {
  receiver.answers(500, 204)
  const worker = started.worker()
  await world.project(organization, { name: 'Größe – 尺寸 👍' })
  await untilStatuses(world, endpoint, ['retrying'])
  await makeDue(world, endpoint)
  worker.wake()
  await untilStatuses(world, endpoint, ['succeeded'])
  return receiver.requests.map(({ body, headers }) => ({
    body,
    headers: headers as Record<string, string>,
  }))
}

describe.each([
  ['standardwebhooks', StandardWebhook],
  ['svix', SvixWebhook],
])('%s, with what a receiver got', (_name, Webhook) => {
  type Headers = Record<string, string>
  const verify = (secret: string, body: string | Buffer, headers: Headers) => () =>
    new Webhook(secret).verify(body, headers)

  it('verifies it with the new and with the old secret while both sign, and with no other', async () => {
    const requests = await received()
    expect(requests).toHaveLength(2)
    for (const { body, headers } of requests) {
      for (const secret of Object.values(secrets)) expect(verify(secret, body, headers)).not.toThrow()
      expect(verify(newWebhookSecret(), body, headers)).toThrow('No matching signature')
    }
  })

  it('verifies it with the new one alone once the old one ended', async () => {
    await world.sql('update webhook_endpoints set previous_secret_expires_at = now()')
    for (const { body, headers } of await received()) {
      expect(verify(secrets.new, body, headers)).not.toThrow()
      expect(verify(secrets.old, body, headers)).toThrow('No matching signature')
    }
  })

  it('refuses each changed byte of the body, another id and another timestamp', async () => {
    for (const { body, headers } of await received())
      for (const secret of Object.values(secrets)) {
        const bytes = Buffer.from(body)
        expect(verify(secret, bytes, headers)).not.toThrow()
        for (let at = 0; at < bytes.length; at++) {
          const changed = Buffer.from(bytes)
          changed.writeUInt8(bytes.readUInt8(at) ^ 1, at)
          expect(verify(secret, changed, headers)).toThrow('No matching signature')
        }
        const { 'webhook-id': id = '', 'webhook-timestamp': timestamp } = headers
        for (const change of [
          { 'webhook-id': id.toUpperCase() },
          { 'webhook-id': `${id}0` },
          { 'webhook-timestamp': String(Number(timestamp) - 1) },
          { 'webhook-timestamp': String(Number(timestamp) + 1) },
        ])
          expect(verify(secret, body, { ...headers, ...change })).toThrow('No matching signature')
      }
  })
})

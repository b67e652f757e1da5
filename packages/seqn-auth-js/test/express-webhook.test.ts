import { Webhook } from 'standardwebhooks'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createSeqnAuthExpressHelpers } from '../src/express.ts'
import { startApp } from './support/express-app.ts'
import { startStandIn } from './support/stand-in.ts'

const secret = `whsec_${Buffer.from('a secret of thirty-two bytes....').toString('base64')}`

async function post(url: string, text: string, { by = secret, headers = {} } = {}) {
  const now = new Date(Math.floor(Date.now() / 1000) * 1000)
  const response = await fetch(url, {
    method: 'POST',
    body: text,
    headers: {
      'content-type': 'application/json',
      'webhook-id': 'evt_1',
      'webhook-timestamp': String(now.getTime() / 1000),
      'webhook-signature': new Webhook(by).sign('evt_1', now, text),
      ...headers,
    },
  })
  return { status: response.status, text: await response.text() }
}

const body = JSON.stringify({ id: 'evt_1', type: 'project.created', data: { name: 'Größe' } })

it.each([
  ['Express', '/webhook'],
  ['Express', '/raw-webhook'],
  ['Express', '/text-webhook'],
  ['plain http', '/webhook'],
])('on %s, %s gives on what is signed and refuses the rest', async (kind, path) => {
  const app = await startApp(kind, await startStandIn(), { webhookSecret: secret })
  const url = app.url + path
  expect((await post(url, body)).status).toBe(204)
  expect(app.received).toEqual(['evt_1'])
  const other = `whsec_${btoa('another secret')}`
  const refused = await post(url, body, { by: other })
  expect(refused.status).toBe(400)
  expect(JSON.parse(refused.text).error.code).toBe('invalid_webhook_signature')
  expect((await post(url, body, { headers: { 'webhook-timestamp': '1' } })).status).toBe(400)
  expect((await post(url, '', {})).status).toBe(400)
  expect(app.received).toHaveLength(1)
})

it.each([undefined, 'a word', { status: 410 }, { statusCode: 404 }, { status: 200 }])(
  'answers 500 when the receiver throws, so that the service delivers again: %o',
  async (thrown) => {
    const app = await startApp('Express', await startStandIn(), { webhookSecret: secret })
    const text = JSON.stringify({ id: 'evt_2', type: 'webhook.test', data: { thrown } })
    expect(await post(`${app.url}/webhook`, text)).toEqual({
      status: 500,
      text: thrown ? 'webhook_handler_failed' : 'Error: receiver is broken',
    })
  },
)

it('takes the secret from the environment', async () => {
  vi.stubEnv('SEQN_AUTH_WEBHOOK_SECRET', secret)
  onTestFinished(() => void vi.unstubAllEnvs())
  const app = await startApp('Express', await startStandIn())
  expect((await post(`${app.url}/webhook`, body)).status).toBe(204)
})

it('reads no stream that a parser has been at, though it seems open', async () => {
  const { webhook } = createSeqnAuthExpressHelpers({ webhookSecret: secret })
  const request = { method: 'POST', headers: {}, body: { id: 'evt_1' } }
  const response = { statusCode: 200, getHeader: () => {}, setHeader: () => {}, end: () => {} }
  const error = await new Promise((resolve) => webhook(() => {})(request, response, resolve))
  expect(error).toMatchObject({
    code: 'invalid_webhook_body',
    message: expect.stringContaining('express.json()'),
  })
})

it('refuses a body that is too large', async () => {
  const app = await startApp('plain http', await startStandIn(), { webhookSecret: secret })
  expect((await post(`${app.url}/webhook`, JSON.stringify({ a: 'a'.repeat(1_100_000) }))).status).toBe(413)
})

it('says so when a parser took the body away, or no secret is set', async () => {
  const service = await startStandIn()
  const app = await startApp('Express', service, { webhookSecret: secret })
  expect(await post(`${app.url}/json-webhook`, body)).toEqual({ status: 500, text: 'invalid_webhook_body' })
  const bare = await startApp('Express', service)
  expect(await post(`${bare.url}/webhook`, body)).toEqual({ status: 500, text: 'invalid_webhook_secret' })
})

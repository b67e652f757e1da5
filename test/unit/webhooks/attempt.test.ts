import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { Webhook } from 'standardwebhooks'
import { afterEach, expect, it } from 'vitest'
import { type Attempt, attemptDelivery } from '../../../src/features/webhooks/attempt.ts'
import { version } from '../../../src/lib/package-root.ts'
import { newWebhookSecret } from '../../../src/lib/standard-webhooks.ts'
import { issueCertificate } from '../../support/certificates.ts'
import { dripping, endless, startReceiver } from '../../support/raw-receiver.ts'
import { startWebhookReceiver } from '../../support/receiver.ts'

const started: { close: () => Promise<void> }[] = []
const ours = async <T extends { close: () => Promise<void> }>(starting: Promise<T>) => {
  const receiver = await starting
  started.push(receiver)
  return receiver
}
const receiver = (...given: Parameters<typeof startWebhookReceiver>) => ours(startWebhookReceiver(...given))
const rawReceiver = (receive: (socket: Socket) => void) => ours(startReceiver(receive))
afterEach(async () => {
  for (const { close } of started.splice(0)) await close()
})

const secret = newWebhookSecret()
const event = { id: 'evt_1', type: 'project.created', data: { name: 'Größe – 尺寸 👍' } }
const body = JSON.stringify(event)

const attempt = (url: string, more: Partial<Attempt> = {}) =>
  attemptDelivery({
    endpoint: { url, secrets: [secret] },
    event: { id: event.id, body },
    now: new Date(),
    rules: { allowInsecure: true, allowPrivateAddresses: true },
    ...more,
  })

const unanswered = {
  succeeded: false,
  stopped: false,
  status: null,
  latencyMs: expect.any(Number),
  detail: expect.any(String),
  requestHeaders: expect.any(Object),
  answer: null,
  disables: false,
}

it('posts the event as it is, signed for everybody who has one of the secrets', async () => {
  const { url, requests, answers } = await receiver()
  answers({ status: 202, body: 'thanks' })
  const old = newWebhookSecret()
  const now = new Date()
  const result = await attempt(`${url}/hook?x=1`, {
    endpoint: { url: `${url}/hook?x=1`, secrets: [secret, old] },
    now,
  })
  expect(requests).toHaveLength(1)
  const [request] = requests
  expect(request).toMatchObject({ method: 'POST', path: '/hook?x=1', body })
  expect(request?.headers).toMatchObject({
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': `Silver-Auth-Webhooks/${version}`,
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
  })
  expect(request?.headers).not.toHaveProperty('accept-encoding')
  for (const by of [secret, old])
    expect(new Webhook(by).verify(body, request?.headers as Record<string, string>)).toEqual(event)
  const { host: _, connection: __, 'content-length': ___, ...sent } = request?.headers ?? {}
  expect(result).toEqual({
    succeeded: true,
    stopped: false,
    status: 202,
    latencyMs: expect.any(Number),
    error: null,
    detail: null,
    requestHeaders: sent,
    answer: 'thanks',
    disables: false,
  })
  expect(JSON.stringify(result)).not.toContain(secret.slice(6))
})

it('sends the same body in each attempt, with a fresh timestamp and signature', async () => {
  const { url, requests } = await receiver()
  for (const now of [new Date(1_000_000), new Date(2_000_000)]) await attempt(url, { now })
  const [first, second] = requests
  expect(second?.body).toBe(first?.body)
  expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
  expect([first, second].map((request) => request?.headers['webhook-timestamp'])).toEqual(['1000', '2000'])
  expect(second?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature'])
})

it.each([200, 201, 202, 204, 299])('takes %i for success', async (status) => {
  const { url, answers } = await receiver()
  answers(status)
  expect(await attempt(url)).toMatchObject({ succeeded: true, status, error: null, disables: false })
})

it.each([400, 401, 404, 413, 429, 500, 502, 503, 599])('takes %i for a failure', async (status) => {
  const { url, answers } = await receiver()
  answers({ status, body: 'no' })
  const error = `the answer was ${status}`
  expect(await attempt(url)).toMatchObject({ succeeded: false, status, error, answer: 'no', disables: false })
})

it.each([300, 301, 302, 303, 304, 307, 308])('follows no %i', async (status) => {
  const elsewhere = await receiver()
  const { url, answers } = await receiver()
  answers({ status, headers: { location: elsewhere.url } })
  expect(await attempt(url)).toMatchObject({
    succeeded: false,
    status,
    error: `the answer was a redirect (${status}), which is not followed`,
  })
  expect(elsewhere.seen.connections).toBe(0)
})

it('understands from 410 that the endpoint is to be disabled', async () => {
  const { url, answers } = await receiver()
  answers(410)
  expect(await attempt(url)).toMatchObject({ succeeded: false, status: 410, disables: true })
})

it.each([429, 503])('hands on what %i says of when to come again', async (status) => {
  const { url, answers } = await receiver()
  answers({ status, headers: { 'retry-after': '120' } }, { status, headers: { 'retry-after': 'soon' } })
  expect(await attempt(url)).toMatchObject({ status, retryAfterSeconds: 120 })
  expect(await attempt(url)).not.toHaveProperty('retryAfterSeconds')
})

it('tells a connection that was reset', async () => {
  const { url, seen, answers } = await receiver()
  answers('reset')
  const error = 'the connection was closed before the answer was complete'
  expect(await attempt(url)).toEqual({ ...unanswered, error })
  expect(seen.connections).toBe(1)
})

it('tells a port where nobody listens', async () => {
  const gone = await startWebhookReceiver()
  await gone.close()
  expect(await attempt(gone.url)).toEqual({ ...unanswered, error: 'the connection was refused' })
})

it('gives up a receiver that hangs when the total is over', async () => {
  const { url, answers, allClosed } = await receiver()
  answers('hang')
  const error = 'no complete answer in time'
  const result = await attempt(url, { totalMs: 200 })
  expect(result).toEqual({ ...unanswered, error })
  expect(result.latencyMs).toBeLessThan(10_000)
  await allClosed()
})

it('counts the total, not the time between two bytes', async () => {
  const { url, allClosed } = await rawReceiver(dripping('HTTP/1.1 200 OK\r\n\r\n', '.'))
  const result = await attempt(url, { totalMs: 300 })
  expect(result).toEqual({ ...unanswered, error: 'no complete answer in time' })
  expect(result.latencyMs).toBeGreaterThanOrEqual(290)
  await allClosed()
})

it('reads little of an endless answer and keeps 2 KiB of it', async () => {
  const { url, seen, allClosed } = await rawReceiver(endless('HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(65_536)))
  expect(await attempt(url)).toMatchObject({ succeeded: true, answer: 'x'.repeat(2_048) })
  await allClosed()
  expect(seen.bytesSent).toBeLessThan(16_000_000)
})

it('keeps a compressed answer as the few bytes that came', async () => {
  const { url, answers } = await receiver()
  answers({ status: 200, headers: { 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(20_000_000)) })
  const { succeeded, answer } = await attempt(url)
  expect(succeeded).toBe(true)
  expect(answer).toMatch(/^\?/)
  expect(Buffer.byteLength(answer ?? '')).toBeLessThanOrEqual(2_048)
})

it('sends nothing where the certificate is nobody’s we know', async () => {
  const { certificate, keyText } = issueCertificate({ names: ['127.0.0.1'] })
  const { url, requests, seen } = await receiver({ tls: { cert: certificate, key: keyText } })
  const error = 'the TLS certificate or handshake was not acceptable'
  expect(await attempt(url)).toEqual({ ...unanswered, error })
  expect(seen.connections).toBe(1)
  expect(requests).toEqual([])
})

it('tells of an address that is not allowed nothing but that', async () => {
  const { url, seen } = await receiver()
  const result = await attempt(url, { rules: { allowInsecure: true, allowPrivateAddresses: false } })
  expect(result).toEqual({ ...unanswered, error: 'address not allowed' })
  expect(result.detail).toBe('127.0.0.1 is not public')
  expect(seen.connections).toBe(0)
})

it('says when it was given up here, which is no failure of the receiver', async () => {
  const { url, answers } = await receiver()
  const stopping = new AbortController()
  answers(() => {
    stopping.abort()
    return 'hang'
  })
  expect(await attempt(url, { signal: stopping.signal })).toMatchObject({ succeeded: false, stopped: true })
})

import { once } from 'node:events'
import { Webhook } from 'standardwebhooks'
import { afterEach, expect, it, onTestFinished, vi } from 'vitest'
import { SeqnAuthError } from '../../packages/seqn-auth-js/src/errors.ts'
import { newestSequence } from '../../src/commands/event-feed.ts'
import { newWebhookSecret } from '../../src/lib/standard-webhooks.ts'
import { silverAuth, startSilverAuth } from '../support/command-line.ts'
import { type Received, startWebhookReceiver } from '../support/receiver.ts'

const SEQN_AUTH_SECRET_KEY = 'sk_live_a_key'
const event = (sequence: number) => ({
  id: `evt_${sequence}`,
  type: 'project.updated',
  timestamp: '2026-05-12T00:00:00.000Z',
  sequence,
  organization: { id: 'org_1', slug: 'acme' },
  data: { name: `Größe ${sequence}` },
})

const started: { close: () => Promise<void> }[] = []
const receiver = async () => {
  const ours = await startWebhookReceiver()
  started.push(ours)
  return ours
}
afterEach(async () => {
  for (const { close } of started.splice(0)) await close()
})

const json = (status: number, body: object, headers = {}) => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})
const refusal = (status: number, code: string, headers = {}) =>
  json(status, { error: { code, message: `Said: ${code}.`, requestId: 'r1' } }, headers)

/** The pull feed: events from `oldest` to as many as there are; add some with `grow`. */
async function startFeed({ newest = 0, oldest = 1 } = {}) {
  const server = await receiver()
  let last = newest
  const answer = ({ path, headers }: Received) => {
    if (headers.authorization !== `Bearer ${SEQN_AUTH_SECRET_KEY}`) return refusal(401, 'invalid_secret_key')
    const query = new URL(path, 'http://feed').searchParams
    const after = Number(query.get('after'))
    if (after < oldest - 1) return refusal(410, 'cursor_expired')
    const count = Math.max(0, Math.min(last - after, Number(query.get('limit'))))
    return json(200, { data: Array.from({ length: count }, (_, index) => event(after + 1 + index)) })
  }
  server.answers(answer)
  const grow = (by: number) => {
    last += by
  }
  return { ...server, answer, grow }
}

async function listen(baseUrl: string, forward: string, words: string[] = [], environment = {}) {
  const all = ['listen', '--forward', forward, '--base-url', baseUrl, ...words]
  const { child, output } = await startSilverAuth(all, { SEQN_AUTH_SECRET_KEY, ...environment })
  onTestFinished(() => void child.kill('SIGKILL'))
  const until = async (pattern: RegExp, where: 'stdout' | 'stderr' = 'stdout') => {
    await vi.waitFor(() => expect(output()[where]).toMatch(pattern), { timeout: 20_000 })
    return pattern.exec(output()[where]) ?? []
  }
  const stop = async (signal: NodeJS.Signals = 'SIGINT') => {
    child.kill(signal)
    const [code] = await once(child, 'exit')
    return code
  }
  return { until, stop, output }
}

it('forwards what happens from now on, signed with the secret that it prints', async () => {
  const feed = await startFeed({ newest: 1_041 })
  const target = await receiver()
  const { until, stop, output } = await listen(feed.url, `${target.url}/webhooks?x=1`)
  const [, secret = ''] = await until(/^SEQN_AUTH_WEBHOOK_SECRET=(whsec_\S{44})$/m)
  expect(output().stdout).toContain(`Forwarding events after 1041 to ${target.url}/webhooks?x=1`)
  feed.grow(2)
  const requests = await target.received(2)
  for (const [index, { path, body, headers }] of requests.entries()) {
    expect(path).toBe('/webhooks?x=1')
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual(event(1_042 + index))
    expect(headers).toMatchObject({
      'webhook-id': `evt_${1_042 + index}`,
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^Silver-Auth-Webhooks\//),
    })
  }
  await until(/^1042 {2}project\.updated {2}evt_1042 {2}204 {2}\d+ ms\n1043 .*\n$/m)
  expect(await stop()).toBe(0)
  expect(output().stderr).toBe('')
})

it('finds the newest event, however many there are and were', async () => {
  for (const newest of [...Array(70).keys(), 1_023, 1_024, 1_025])
    for (const oldest of [1, newest]) {
      const feed = async (after: number) => {
        if (after < oldest - 1) throw new SeqnAuthError('seqn_auth_http_error', 'Gone.', expired)
        return after < newest ? [event(after + 1)] : []
      }
      expect(await newestSequence(feed)).toBe(newest)
    }
})
const expired = { status: 410, apiCode: 'cursor_expired' }

it('finds the newest where older ones are gone', async () => {
  const feed = await startFeed({ newest: 90_000, oldest: 80_000 })
  const { until, stop } = await listen(feed.url, 'http://localhost:9999')
  await until(/after 90000 to/)
  expect(await stop('SIGTERM')).toBe(0)
})

it('begins where --after says, signs with --secret, and tells failures, as JSON where wanted', async () => {
  const feed = await startFeed({ newest: 250 })
  const target = await receiver()
  target.answers(500, 'reset', { status: 302, headers: { location: '/' } }, 204)
  const secret = newWebhookSecret()
  const words = ['--after', '5', '--secret', secret, '--json']
  const { until, stop, output } = await listen(feed.url, target.url, words)
  const requests = await target.received(245)
  for (const { body, headers } of requests)
    new Webhook(secret).verify(body, headers as Record<string, string>)
  expect(requests.map(({ body }) => JSON.parse(body).sequence)).toEqual(
    Array.from({ length: 245 }, (_, index) => 6 + index),
  )
  await until(/"sequence":250.*\n/)
  const [first, ...lines] = output()
    .stdout.trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(first).toEqual({ forward: target.url, after: 5, secret })
  const said = { type: 'project.updated', latencyMs: expect.any(Number) }
  expect(lines.slice(0, 4)).toEqual([
    { ...said, sequence: 6, id: 'evt_6', status: 500, error: 'the answer was 500' },
    {
      ...said,
      sequence: 7,
      id: 'evt_7',
      status: null,
      error: 'the connection was closed before the answer was complete',
    },
    {
      ...said,
      sequence: 8,
      id: 'evt_8',
      status: 302,
      error: 'the answer was a redirect (302), which is not followed',
    },
    { ...said, sequence: 9, id: 'evt_9', status: 204, error: null },
  ])
  expect(await stop()).toBe(0)
})

it('keeps its place while the service is away, and loses and doubles nothing', async () => {
  const feed = await startFeed({ newest: 3 })
  const target = await receiver()
  const { until, stop, output } = await listen(feed.url, target.url, ['--after', '2'])
  await target.received(1)
  feed.answers(
    'reset',
    { status: 502, body: '<h1>Bad Gateway</h1>' },
    refusal(429, 'rate_limited', { 'retry-after': '1' }),
    feed.answer,
  )
  feed.grow(2)
  await target.received(3)
  await until(/^5 {2}/m)
  expect(target.requests.map(({ headers }) => headers['webhook-id'])).toEqual(['evt_3', 'evt_4', 'evt_5'])
  expect(output().stderr).toMatch(/^silver-auth: No answer from http:\S+ Trying again\.\n$/)
  expect(await stop()).toBe(0)
})

it('ends also in the middle of an attempt that hangs', async () => {
  const feed = await startFeed({ newest: 1 })
  const target = await receiver()
  target.answers('hang')
  const { stop, output } = await listen(feed.url, target.url, ['--after', '0'])
  await target.received(1)
  expect(await stop()).toBe(0)
  expect(output().stdout).not.toContain('evt_1')
})

it('ends also while the service keeps silent', async () => {
  const feed = await startFeed()
  feed.answers('hang')
  const { stop } = await listen(feed.url, 'http://localhost:9999')
  await feed.received(1)
  expect(await stop()).toBe(0)
})

it.each([
  ['a key that nobody has', { SEQN_AUTH_SECRET_KEY: 'sk_live_other' }, [], 'Said: invalid_secret_key.'],
  ['no key', { SEQN_AUTH_SECRET_KEY: '' }, [], 'No secret key: set SEQN_AUTH_SECRET_KEY'],
  ['a publishable key', {}, ['--secret-key', 'pk_live_a'], 'stands where the secret key (sk_…) belongs'],
  ['events that are gone', {}, ['--after', '3'], 'Said: cursor_expired.'],
  [
    'a service over http elsewhere',
    {},
    ['--base-url', 'http://a.example'],
    'must be https, except on localhost',
  ],
])('gives up at %s', async (_what, environment, words, message) => {
  const feed = await startFeed({ newest: 90, oldest: 50 })
  const all = ['listen', '--forward', 'http://localhost:9999', ...words]
  const given = { SEQN_AUTH_SECRET_KEY, SEQN_AUTH_BASE_URL: feed.url, ...environment }
  const { code, stderr } = await silverAuth(all, given)
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(message) })
  expect(stderr.trim().split('\n')).toHaveLength(1)
})

it.each([
  [[], 'say --forward and the address of your receiver'],
  [['--forward', 'localhost:3000'], '--forward cannot be localhost:3000: its scheme is localhost:'],
  [['--forward', 'ftp://localhost/'], '--forward cannot be ftp://localhost/: its scheme is ftp:'],
  [['--forward', 'http://localhost:3000', 'more'], 'say --forward'],
  [['--forward', 'http://localhost:3000', '--secret', 'whsec_%'], '--secret is whsec_ and base64'],
  [['--forward', 'http://localhost:3000', '--after', '-1'], "'--after' argument is ambiguous"],
  [['--forward', 'http://localhost:3000', '--after=x'], '--after is the sequence of an event'],
  [['--forward', 'http://localhost:3000', '--port', '1'], "Unknown option '--port'"],
])('explains what is off in %j', async (words, message) => {
  const { code, stdout, stderr } = await silverAuth(['listen', ...words])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(message)
})

it('lists its options, which no other command takes', async () => {
  const { stdout } = await silverAuth(['listen', '--help'])
  expect(stdout).toBe(`silver-auth listen --forward <url>
  bring events to a receiver on this machine, for development

  --forward <url>           the receiver, as http://localhost:3000/webhooks
  --secret-key <sk_live_…>  of a project, else SEQN_AUTH_SECRET_KEY
  --base-url <url>          the service, else SEQN_AUTH_BASE_URL
  --secret <whsec_…>        to sign with, else one is made
  --after <sequence>        begin behind this event, else behind the newest
`)
  const { code, stderr } = await silverAuth(['audit', 'verify', '--forward', 'http://localhost:3000'])
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("Unknown option '--forward'") })
})

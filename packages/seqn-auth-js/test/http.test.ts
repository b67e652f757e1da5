import { expect, it } from 'vitest'
import { loadPublicConfig } from '../src/index.ts'
import { listening, nobody } from './support/listening.ts'
import { publishableKey, startStandIn } from './support/stand-in.ts'
import { thrownBy } from './support/thrown.ts'

const route = 'GET /v1/client/config'

async function errorAfter(answer: object | 'hang up') {
  const service = await startStandIn()
  service.next(route, answer)
  return thrownBy(() => loadPublicConfig({ baseUrl: service.url, publishableKey }))
}

it('tells what the service said', async () => {
  const body = { error: { code: 'rate_limited', message: 'Slow down.', requestId: 'req_1' } }
  const error = await errorAfter({ status: 429, headers: { 'retry-after': '7' }, body })
  expect({ ...error, message: error.message }).toEqual({
    name: 'SeqnAuthError',
    code: 'seqn_auth_http_error',
    message: 'Slow down.',
    status: 429,
    apiCode: 'rate_limited',
    requestId: 'req_1',
    retryAfter: 7,
  })
})

it('reads a Retry-After that is a date', async () => {
  const date = new Date(Date.now() + 30_000).toUTCString()
  const { retryAfter } = await errorAfter({ status: 503, headers: { 'retry-after': date } })
  expect(retryAfter).toBeGreaterThan(25)
  expect(retryAfter).toBeLessThanOrEqual(30)
})

it.each([
  ['HTML of a proxy', { status: 502, body: '<h1>Bad gateway</h1>' }, 502],
  ['HTML with a good status', { body: '<!doctype html><title>Hello</title>' }, 200],
  ['nothing', { body: '' }, 200],
  ['a number', { body: '7' }, 200],
  ['null', { body: 'null' }, 200],
  ['an error of another shape', { status: 500, body: { error: 'broken' } }, 500],
  ['a redirect', { status: 302, headers: { location: 'https://elsewhere.example' } }, 302],
])('calls %s an HTTP error', async (_what, answer, status) => {
  const error = await errorAfter(answer)
  expect(error).toMatchObject({ code: 'seqn_auth_http_error', status, requestId: 'req_header' })
  expect(error.apiCode).toBeUndefined()
})

it.each(['hang up', 'nobody', 'silence', 'half an answer'])('calls %s a network error', async (what) => {
  const silent = await listening((_req, res) => {
    if (what === 'half an answer') res.writeHead(200, { 'content-length': '100' }).write('{')
  })
  const service = await startStandIn()
  service.next(route, 'hang up')
  const baseUrl = { 'hang up': service.url, nobody: await nobody() }[what] ?? silent
  const error = await thrownBy(() => loadPublicConfig({ baseUrl, publishableKey, timeoutMs: 300 }))
  expect(error).toMatchObject({ code: 'seqn_auth_network_error', status: undefined })
  expect(error.cause).toBeInstanceOf(Error)
})

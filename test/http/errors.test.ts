import { expect, it } from 'vitest'
import type { ErrorCode } from '../../src/errors.ts'
import type { Call } from '../support/http.ts'
import { startWorld } from '../support/world.ts'
import { expectRefusal, logLine } from './envelope.ts'

const world = startWorld()
const login = '/v1/auth/login'
const json = { 'content-type': 'application/json' }

const refusals: [what: string, code: ErrorCode, call: Call][] = [
  ['an unknown route', 'not_found', { path: '/nothing/here' }],
  ['an unknown route below a known one', 'not_found', { path: '/v1/client/nothing' }],
  [
    'a body for an unknown route',
    'not_found',
    { method: 'POST', path: '/nothing', body: 'x', headers: { 'content-type': 'text/plain' } },
  ],
  ['malformed JSON for an unknown route', 'not_found', { method: 'POST', path: '/nothing', body: '{' }],
  ['a method the path does not know', 'method_not_allowed', { method: 'DELETE', path: '/v1/plans' }],
  ['a method hardly anybody knows', 'method_not_allowed', { method: 'PROPFIND', path: '/v1/plans' }],
  ['TRACE', 'method_not_allowed', { method: 'TRACE', path: '/v1/plans' }],
  ['OPTIONS where nothing is shared', 'method_not_allowed', { method: 'OPTIONS', path: '/v1/plans' }],
  [
    'an odd body with a wrong method',
    'method_not_allowed',
    { method: 'PUT', path: login, body: '{', headers: { 'content-type': 'text/plain' } },
  ],
  ['malformed JSON', 'invalid_input', { method: 'POST', path: login, body: '{"email":' }],
  ['an empty body', 'invalid_input', { method: 'POST', path: login, body: '' }],
  ['no body at all', 'invalid_input', { method: 'POST', path: login }],
  ['a body that is null', 'invalid_input', { method: 'POST', path: login, body: 'null' }],
  ['a body that is a list', 'invalid_input', { method: 'POST', path: login, body: '[]' }],
  ['a body that is a text', 'invalid_input', { method: 'POST', path: login, body: '"a"' }],
  [
    'text/plain',
    'unsupported_media_type',
    { method: 'POST', path: login, body: '{}', headers: { 'content-type': 'text/plain' } },
  ],
  [
    'a form',
    'unsupported_media_type',
    {
      method: 'POST',
      path: login,
      body: 'a=1',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    },
  ],
  [
    'XML',
    'unsupported_media_type',
    { method: 'POST', path: login, body: '<a/>', headers: { 'content-type': 'application/xml' } },
  ],
  [
    'a body without a type',
    'unsupported_media_type',
    { method: 'POST', path: login, body: '{}', headers: { 'content-type': undefined } },
  ],
  [
    'an empty type',
    'unsupported_media_type',
    { method: 'POST', path: login, body: '{}', headers: { 'content-type': '' } },
  ],
  [
    'a type that is none',
    'unsupported_media_type',
    { method: 'POST', path: login, body: '{}', headers: { 'content-type': 'json' } },
  ],
  [
    'a type that only begins like JSON',
    'unsupported_media_type',
    { method: 'POST', path: login, body: '{}', headers: { 'content-type': 'application/jsonp' } },
  ],
  [
    'another charset',
    'unsupported_media_type',
    {
      method: 'POST',
      path: login,
      body: '{}',
      headers: { 'content-type': 'application/json; charset=utf-16' },
    },
  ],
  [
    'a compressed body',
    'unsupported_media_type',
    { method: 'POST', path: login, body: '\x1f\x8b', headers: { ...json, 'content-encoding': 'gzip' } },
  ],
  ['a body on GET', 'invalid_input', { path: '/v1/plans', body: { a: 1 } }],
  [
    'a chunked body on GET',
    'invalid_input',
    { path: '/v1/plans', body: '', headers: { 'transfer-encoding': 'chunked', 'content-length': undefined } },
  ],
  ['an address of 10 KB', 'uri_too_long', { path: `/v1/plans?a=${'a'.repeat(10_000)}` }],
  ['an address of 20 KB', 'uri_too_long', { path: `/v1/plans?a=${'a'.repeat(20_000)}` }],
  ['an address of 60 KB', 'uri_too_long', { path: `/v1/plans?a=${'a'.repeat(60_000)}` }],
  ['headers of 20 KB', 'headers_too_large', { path: '/v1/plans', headers: { 'x-long': 'a'.repeat(20_000) } }],
  ['headers of 60 KB', 'headers_too_large', { path: '/v1/plans', headers: { 'x-long': 'a'.repeat(60_000) } }],
  [
    'a thousand headers',
    'headers_too_large',
    {
      path: '/v1/plans',
      headers: Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`x-header-${i}`, 'value'])),
    },
  ],
  ['a missing session', 'authentication_required', { path: '/v1/me' }],
  [
    'garbage for a session',
    'authentication_required',
    { path: '/v1/me', headers: { cookie: 'seqn_session=%00; other' } },
  ],
  [
    'garbage for a token',
    'authentication_required',
    { path: '/v1/me', headers: { authorization: 'Bearer a.b.c' } },
  ],
  [
    'several Authorization headers',
    'authentication_required',
    { path: '/v1/me', headers: { authorization: ['Bearer a.b.c', 'Bearer d.e.f'] } },
  ],
  [
    'a query that repeats a parameter',
    'invalid_publishable_key',
    { path: '/v1/client/config?publishable_key=a&publishable_key=b' },
  ],
]

it.each(refusals)('answers %s with %s in the one shape', async (_what, code, call) => {
  const answer = await world.anonymous.call(call)
  expectRefusal(answer, code)
  expect(logLine(world.logLines, answer.headers['x-request-id'])).toMatchObject([{ status: answer.status }])
})

it.each([
  ['/v1/plans', 'GET, HEAD'],
  ['/v1/auth/login', 'POST'],
  ['/v1/orgs/:org/projects/:project', 'GET, HEAD, PATCH, DELETE'],
  ['/v1/client/config', 'GET, HEAD, OPTIONS'],
])('tells which methods %s knows', async (path, allow) => {
  const answer = await world.anonymous.call({ method: 'PUT', path })
  expectRefusal(answer, 'method_not_allowed')
  expect(answer.headers.allow?.split(', ').sort()).toEqual(allow.split(', ').sort())
})

it('answers HEAD like GET, without the body', async () => {
  const head = await world.anonymous.call({ method: 'HEAD', path: '/v1/plans' })
  const get = await world.anonymous.get('/v1/plans')
  expect([head.status, head.text]).toEqual([200, ''])
  expect(head.headers['content-length']).toBe(get.headers['content-length'])
  const refused = await world.anonymous.call({ method: 'HEAD', path: '/v1/me' })
  expect([refused.status, refused.text]).toEqual([401, ''])
  expect(refused.headers['x-request-id']).toMatch(/^req_/)
})

it('takes no notice of a version or method that a header asks for', async () => {
  const headers = { 'accept-version': '9.9.9', 'x-http-method-override': 'DELETE' }
  expect((await world.anonymous.get('/v1/plans', headers)).status).toBe(200)
  expectRefusal(await world.anonymous.get('/nothing', headers), 'not_found')
})

it('takes no request id from outside', async () => {
  const answer = await world.anonymous.get('/v1/plans', { 'x-request-id': 'mine' })
  expect(answer.headers['x-request-id']).toMatch(/^req_/)
})

it('never gives two requests one id', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => world.anonymous.get('/livez')))
  expect(new Set(answers.map((answer) => answer.headers['x-request-id'])).size).toBe(50)
})

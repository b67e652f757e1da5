import { describe, expect, it } from 'vitest'
import type { Call } from '../support/http.ts'
import { rawCall } from '../support/raw.ts'
import { startWorld } from '../support/world.ts'

const always = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'x-request-id': expect.stringMatching(/^req_/),
}
const hsts = 'max-age=63072000; includeSubDomains'
const post = { method: 'POST', path: '/v1/auth/login' }

const answers: [status: number, call: Call][] = [
  [200, { path: '/livez' }],
  [200, { path: '/v1/plans' }],
  [400, { ...post, body: '{' }],
  [400, { path: '/v1/%' }],
  [401, { path: '/v1/me' }],
  [403, { ...post, body: {}, headers: { origin: 'https://evil.example' } }],
  [404, { path: '/nothing' }],
  [404, { path: `/v1/orgs/${'a'.repeat(300)}` }],
  [405, { method: 'PUT', path: '/v1/plans' }],
  [413, { ...post, body: `"${'a'.repeat(70_000)}"` }],
  [414, { path: `/${'a'.repeat(9_000)}` }],
  [415, { ...post, body: 'a=1', headers: { 'content-type': 'text/plain' } }],
  [431, { path: '/livez', headers: { 'x-long': 'a'.repeat(17_000) } }],
]

describe('over http', () => {
  const world = startWorld()

  it.each(answers)('stand on an answer of %i to %j', async (status, call) => {
    const answer = await world.anonymous.call(call)
    expect(answer.status).toBe(status)
    expect(answer.headers).toMatchObject(always)
    expect(answer.headers).not.toHaveProperty('strict-transport-security')
    expect(answer.headers).not.toHaveProperty('server')
    expect(answer.headers).not.toHaveProperty('x-powered-by')
  })

  it.each(['garbage\r\n\r\n', `GET /${'a'.repeat(80_000)} HTTP/1.1\r\n\r\n`])(
    'stand on what Node refuses',
    async (text) => {
      const [answer] = await rawCall(world.port, text)
      expect(answer?.status).toBeGreaterThanOrEqual(400)
      expect(answer?.headers).toMatchObject(always)
    },
  )

  it('keep what is shown once out of every cache', async () => {
    const { owner, id } = await world.organization()
    const created = await owner.post(`/v1/orgs/${id}/projects`, { name: 'A' })
    const rotated = await owner.post(`/v1/orgs/${id}/projects/${created.body.project.id}/rotate-secret`)
    for (const answer of [created, rotated]) {
      expect(answer.body.secretKey).toMatch(/^sk_live_/)
      expect(answer.headers['cache-control']).toBe('no-store')
    }
  })
})

describe('over https', () => {
  const world = startWorld({
    environment: {
      PUBLIC_BASE_URL: 'https://accounts.silver.test',
      RATE_LIMIT_ROUTES: '/v1/plans=1,*=100000',
    },
  })

  it.each(answers)('hold the browser to https on an answer of %i to %j', async (_status, call) => {
    expect((await world.anonymous.call(call)).headers).toMatchObject({
      ...always,
      'strict-transport-security': hsts,
    })
  })

  it('hold it to https when it is limited, and when Node refuses', async () => {
    await world.anonymous.get('/v1/plans')
    const limited = await world.anonymous.get('/v1/plans')
    expect(limited.status).toBe(429)
    expect(limited.headers).toMatchObject({ ...always, 'strict-transport-security': hsts })
    const [raw] = await rawCall(world.port, 'garbage\r\n\r\n')
    expect(raw?.headers).toMatchObject({ 'strict-transport-security': hsts })
  })
})

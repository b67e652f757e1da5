import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Answer } from '../support/http.ts'
import { type Project, startWorld } from '../support/world.ts'

const world = startWorld({
  environment: { RATE_LIMIT_ROUTES: '/v1/client/config=3,*=100000' },
  monotonicMs: () => now,
})
let now = Date.now()
let count = 0
let project: Project
let other: Project
const origins = new Map<string, string>()
const originOf = (of: Project) => origins.get(of.id) ?? ''
async function projectWithOrigin(): Promise<Project> {
  const origin = `https://app${++count}.example`
  const made = await world.project(await world.organization(), { origins: [origin, 'http://localhost:3000'] })
  origins.set(made.id, origin)
  return made
}
beforeAll(async () => {
  project = await projectWithOrigin()
  other = await projectWithOrigin()
})

const preflight = (path: string, origin: string, headers = {}) =>
  world.anonymous.call({
    method: 'OPTIONS',
    path,
    headers: {
      origin,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'x-seqn-publishable-key',
      ...headers,
    },
  })

const corsOf = ({ headers }: Answer) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')))

function expectShared(answer: Answer, origin: string) {
  expect(answer.headers['access-control-allow-origin']).toBe(origin)
  expect(answer.headers).not.toHaveProperty('access-control-allow-credentials')
  expect(answer.headers['cross-origin-resource-policy']).toBe('cross-origin')
  expect(answer.headers.vary).toBe('Origin')
}

function expectNotShared(answer: Answer) {
  expect(corsOf(answer)).toEqual({})
  expect(answer.headers['cross-origin-resource-policy']).toBe('same-origin')
}

const setStatus = (of: Project, status: string) =>
  of.organization.owner.patch(`/v1/orgs/${of.organization.id}/projects/${of.id}`, { status })

describe('a preflight', () => {
  it.each(['/v1/client/config', '/v1/me'])('of %s is answered for a registered origin', async (path) => {
    for (const origin of [originOf(project), originOf(other), 'http://localhost:3000']) {
      const answer = await preflight(path, origin)
      expect([answer.status, answer.text]).toEqual([204, ''])
      expectShared(answer, origin)
      expect(corsOf(answer)).toMatchObject({
        'access-control-allow-methods': 'GET',
        'access-control-allow-headers': 'Authorization, Content-Type, X-SEQN-Publishable-Key',
        'access-control-max-age': '600',
      })
    }
  })

  it.each([
    'https://evil.example',
    'null',
    '*',
    '',
    'https://app1.example.evil.example',
    'https://app1.example/',
    'https://app1.example:443',
    'http://app1.example',
    'https://APP1.example',
    'https://app1.example, https://evil.example',
    "https://app1.example' or '1'='1",
    'http://localhost:3001',
    `https://${'a'.repeat(3_000)}.example`,
    'https://\xffapp1.example',
  ])('of %s gets nothing', async (origin) => {
    const answer = await preflight('/v1/client/config', origin)
    expectNotShared(answer)
    expect(answer.headers.vary).toBe('Origin')
  })

  it('gets nothing for the origin of a disabled project, until it is enabled', async () => {
    const disabled = await projectWithOrigin()
    expect((await setStatus(disabled, 'disabled')).body).toMatchObject({ status: 'disabled' })
    expectNotShared(await preflight('/v1/client/config', originOf(disabled)))
    expect((await setStatus(disabled, 'active')).body).toMatchObject({ status: 'active' })
    expectShared(await preflight('/v1/client/config', originOf(disabled)), originOf(disabled))
  })

  it('gets nothing for the origin of a deleted project or organization', async () => {
    const gone = await projectWithOrigin()
    await gone.organization.owner.delete(`/v1/orgs/${gone.organization.id}/projects/${gone.id}`)
    expectNotShared(await preflight('/v1/client/config', originOf(gone)))
    const deserted = await projectWithOrigin()
    const { owner, id, slug } = deserted.organization
    expect((await owner.delete(`/v1/orgs/${id}`, { confirm: slug })).status).toBe(204)
    expectNotShared(await preflight('/v1/me', originOf(deserted)))
  })

  it.each([
    '/v1/plans',
    '/v1/config',
    '/v1/orgs',
    '/v1/auth/login',
    '/v1/auth/session',
    '/v1/users/me',
    '/v1/backend/application',
    '/v1/me/active-organization',
    '/nothing',
    '/v1/client/nothing',
    '/openapi.json',
  ])('of %s gets nothing at all', async (path) => {
    const answer = await preflight(path, originOf(project))
    expectNotShared(answer)
    expect([404, 405]).toContain(answer.status)
  })
})

describe('the client config', () => {
  // Every test has a window of its own.
  beforeEach(() => {
    now += 60_000
  })

  const config = (of: Project, origin: string) =>
    world.withPublishableKey(of.publishableKey).get('/v1/client/config', { origin })

  it("is shared with the key's own project", async () => {
    const answer = await config(project, originOf(project))
    expect(answer.status).toBe(200)
    expectShared(answer, originOf(project))
    expect(answer.headers['access-control-expose-headers']).toContain('RateLimit-Limit')
  })

  it("is not shared with another project's origin, nor for one with a key in the address", async () => {
    expectNotShared(await config(project, originOf(other)))
    const { publishableKey } = project
    const path = `/v1/client/config?publishable_key=${publishableKey}`
    expectNotShared(await world.anonymous.get(path, { origin: originOf(other) }))
    expectShared(await world.anonymous.get(path, { origin: originOf(project) }), originOf(project))
  })

  it('depends on the origin for every cache, also without one', async () => {
    const answer = await world.withPublishableKey(project.publishableKey).get('/v1/client/config')
    expectNotShared(answer)
    expect(answer.headers.vary).toBe('Origin')
  })

  it('shows a registered origin that it is refused, and that it is limited', async () => {
    const origin = originOf(project)
    const refused = await world.anonymous.get('/v1/client/config', { origin })
    expect(refused.status).toBe(400)
    for (let i = 0; i < 3; i++) expectShared(await config(project, origin), origin)
    const limited = await config(project, origin)
    expect(limited.status).toBe(429)
    expectShared(limited, origin)
    const stranger = await config(project, 'https://evil.example')
    expect(stranger.status).toBe(429)
    expectNotShared(stranger)
  })
})

describe('GET /v1/me', () => {
  it('is shared with the origins of active projects, without cookies', async () => {
    const { accessToken } = project.organization.owner
    const origin = originOf(other)
    const answer = await world
      .withBearer(accessToken)
      .get('/v1/me', { origin, 'sec-fetch-site': 'cross-site' })
    expect(answer.status).toBe(200)
    expectShared(answer, origin)
    expectNotShared(await world.withBearer(accessToken).get('/v1/me', { origin: 'https://evil.example' }))
  })
})

it('shares nothing else', async () => {
  const origin = originOf(project)
  const { owner } = project.organization
  for (const path of [
    '/v1/orgs',
    '/v1/auth/session',
    '/v1/users/me',
    '/v1/plans',
    '/v1/config',
    '/livez',
    '/nothing',
    '/docs',
  ])
    expect(corsOf(await owner.get(path, { origin })), path).toEqual({})
  const key = world.withBearer(project.secretKey)
  expect(corsOf(await key.get('/v1/backend/application', { origin }))).toEqual({})
})

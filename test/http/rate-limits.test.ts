import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newPublishableKey, newSecretKey } from '../../src/features/keys/key-format.ts'
import { limits } from '../../src/http/rate-limits/limits.ts'
import type { Caller } from '../support/caller.ts'
import type { Answer } from '../support/http.ts'
import { type Organization, type Project, startWorld } from '../support/world.ts'
import { expectRefusal } from './envelope.ts'

let now = Date.now()
const monotonicMs = () => now
const nextWindow = () => {
  now += 60_000
}

const rateOf = ({ headers }: Answer) =>
  ['limit', 'remaining', 'reset'].map((name) => Number(headers[`ratelimit-${name}`]))

/** Sends until refused; the number of requests that passed. */
async function passed(send: () => Promise<Answer>, most = 700): Promise<number> {
  for (let count = 0; count < most; count++) if ((await send()).status === 429) return count
  return most
}

// Hundreds of requests each.
const form = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }

describe('the limits of the contract', { timeout: 30_000 }, () => {
  const world = startWorld({
    environment: { RATE_LIMIT_ROUTES: '', TRUSTED_PROXIES: '127.0.0.1' },
    monotonicMs,
  })
  let organization: Organization
  let project: Project
  let address = 0
  let from: (caller?: Caller) => { call: (method: string, path: string, body?: unknown) => Promise<Answer> }

  beforeAll(async () => {
    organization = await world.organization({ plan: 'scale' })
    project = await world.project(organization)
  })
  beforeEach(() => {
    nextWindow()
    const forwarded = { 'x-forwarded-for': `203.0.113.${++address}` }
    from = (caller = world.anonymous) => ({
      call: (method, path, body) => caller.call({ method, path, body, headers: forwarded }),
    })
  })

  it.each<[path: string, max: number]>([
    ['/livez', 600],
    ['/healthz', 60],
    ['/v1/config', 120],
    ['/v1/client/config', 120],
    ['/v1/backend/application', 60],
    ['/v1/plans', 240],
    ['/openapi.json', 240],
    ['/nothing', 240],
    ['/v1/me', 240],
  ])('%s passes %i times a minute', async (path, max) => {
    expect(await passed(() => from().call('GET', path))).toBe(max)
  })

  it.each(['/v1/auth/login', '/v1/auth/register'])('POST %s passes 10 times a minute', async (path) => {
    expect(await passed(() => from().call('POST', path, {}))).toBe(10)
  })

  it('counts a missing route, a wrong method and every route without a limit of its own together', async () => {
    let turn = 0
    const calls = [
      ['GET', '/a'],
      ['GET', '/b'],
      ['DELETE', '/v1/plans'],
      ['POST', '/c'],
      ['GET', '/.well-known/jwks.json'],
    ] as const
    const next = () => {
      const [method, path] = calls[turn++ % calls.length] ?? calls[0]
      return from().call(method, path)
    }
    expect(await passed(next)).toBe(240)
    expectRefusal(await from().call('GET', '/v1/orgs'), 'rate_limited')
    expect((await from().call('GET', '/v1/config')).status).toBe(200)
  })

  it('counts every spelling of a path and HEAD in the same bucket', async () => {
    let turn = 0
    const spellings = [
      ['GET', '/v1/config'],
      ['HEAD', '/v1/config'],
      ['GET', '/v1/%63onfig'],
      ['GET', '/v1/config?a=1'],
    ] as const
    const next = () => {
      const [method, path] = spellings[turn++ % spellings.length] ?? spellings[0]
      return from().call(method, path)
    }
    expect(await passed(next)).toBe(120)
  })

  it('counts a publishable key, in header or address, and an address apart from another', async () => {
    const path = '/v1/client/config'
    const other = await world.project(organization)
    const call = (key: string) => from(world.withPublishableKey(key)).call('GET', path)
    expect(await passed(() => call(project.publishableKey))).toBe(120)
    expect((await call(other.publishableKey)).status).toBe(200)
    expect((await from().call('GET', `${path}?publishable_key=${project.publishableKey}`)).status).toBe(429)
    expect((await world.withPublishableKey(project.publishableKey).get(path)).status).toBe(200)
  })

  it('counts secret keys by their prefix, so that guesses at one key end soon', async () => {
    let guess = 0
    const call = () =>
      from(world.withBearer(`${project.secretKey.slice(0, 20)}${String(guess++).padStart(36, '0')}`)).call(
        'GET',
        '/v1/backend/application',
      )
    expect(await passed(call)).toBe(60)
    const real = from(world.withBearer(project.secretKey))
    expect((await real.call('GET', '/v1/backend/application')).status).toBe(429)
  })

  it('counts changes per person, whatever their address', async () => {
    const { owner, id } = await world.organization()
    let turn = 0
    const change = () => owner.patch(`/v1/orgs/${id}`, {}, { 'x-forwarded-for': `198.51.100.${turn++ % 2}` })
    expect(await passed(change)).toBe(60)
    expectRefusal(await owner.post('/v1/orgs', { name: 'A' }), 'rate_limited')
    expectRefusal(await world.withBearer(owner.accessToken).post('/v1/orgs', { name: 'A' }), 'rate_limited')
    expect((await owner.get(`/v1/orgs/${id}`)).status).toBe(200)
  })

  it('counts two people at one address apart', async () => {
    const neighbour = await world.organization()
    const change = ({ owner, id }: Organization) => from(owner).call('PATCH', `/v1/orgs/${id}`, {})
    expect(await passed(() => change(organization))).toBe(60)
    expect((await change(neighbour)).status).toBe(200)
  })

  it('counts access tokens at /v1/me per person, so that a back end can ask for many', async () => {
    const [one, neighbour] = [await world.organization(), await world.organization()]
    const me = ({ owner }: Organization) => from(world.withBearer(owner.accessToken)).call('GET', '/v1/me')
    expect(await passed(() => me(one))).toBe(240)
    const answer = await me(neighbour)
    expect([answer.status, ...rateOf(answer)]).toEqual([200, 240, 239, 60])
    expect((await from().call('GET', '/v1/plans')).status).toBe(200)
  })

  it('tells of the bucket on every answer, and when to come back', async () => {
    const first = await from().call('GET', '/v1/config')
    expect(rateOf(first)).toEqual([120, 119, 60])
    now += 20_500
    expect(rateOf(await from().call('GET', '/v1/config'))).toEqual([120, 118, 40])
    await passed(() => from().call('GET', '/v1/config'))
    const refused = await from().call('GET', '/v1/config')
    expectRefusal(refused, 'rate_limited')
    expect([refused.headers['retry-after'], ...rateOf(refused)]).toEqual(['40', 120, 0, 40])
    now += 39_499
    const last = await from().call('GET', '/v1/config')
    expect([last.status, last.headers['retry-after']]).toEqual([429, '1'])
    now += 1
    const again = await from().call('GET', '/v1/config')
    expect([again.status, ...rateOf(again)]).toEqual([200, 120, 119, 60])
  })

  it('comes before the body, the proof and the database', async () => {
    await passed(() => from().call('POST', '/v1/auth/login', {}))
    const answer = await world.anonymous.call({
      method: 'POST',
      path: '/v1/auth/login',
      body: '{',
      headers: { 'x-forwarded-for': `203.0.113.${address}`, origin: 'https://evil.example' },
    })
    expectRefusal(answer, 'rate_limited')
  })

  it('has no bucket that a header could choose', async () => {
    const call = () =>
      world.anonymous.get('/healthz', { 'x-forwarded-for': `10.9.9.9, 203.0.113.${address}` })
    expect(await passed(call)).toBe(60)
    expect((await from().call('GET', '/healthz')).status).toBe(429)
  })
})

describe('settings', () => {
  const world = startWorld({
    environment: {
      RATE_LIMIT_MAX: '7',
      RATE_LIMIT_WINDOW_MS: '5000',
      RATE_LIMIT_ROUTES: '/v1/plans=3,/v1/auth/login=4,/v1/orgs/:org=5,/v1/orgs=6,/v1/nothing=1',
    },
    monotonicMs,
  })
  beforeEach(nextWindow)

  it('hold for every route without a limit of its own', async () => {
    expect(await passed(() => world.anonymous.get('/v1/users/me'))).toBe(7)
    expect(await passed(() => world.anonymous.get('/nothing'))).toBe(0)
    now += 5_000
    expect((await world.anonymous.get('/v1/users/me')).status).toBe(401)
  })

  it('give a named route another limit, apart from all others', async () => {
    expect(await passed(() => world.anonymous.get('/v1/plans'))).toBe(3)
    expect(await passed(() => world.anonymous.post('/v1/auth/login', {}))).toBe(4)
    expect(await passed(() => world.anonymous.get('/v1/orgs'))).toBe(6)
    expect(await passed(() => world.anonymous.get('/v1/orgs/org_a'))).toBe(5)
    expect(await passed(() => world.anonymous.get('/nothing'))).toBe(7)
  })
})

describe('an override of one route of a use case', () => {
  const RATE_LIMIT_ROUTES = '/v1/auth/login=12,/v1/orgs/:org/projects=3'
  const world = startWorld({ environment: { RATE_LIMIT_ROUTES }, monotonicMs })
  beforeEach(nextWindow)

  it('holds for its page too, from the same bucket', async () => {
    expect(await passed(() => world.anonymous.post('/v1/auth/login', {}))).toBe(12)
    expect((await world.anonymous.post('/sign-in', 'a=b', form)).status).toBe(429)
    nextWindow()
    expect(await passed(() => world.anonymous.post('/sign-in', 'a=b', form))).toBe(12)
  })

  it('leaves the bucket of the other mutations alone', async () => {
    const { owner, slug } = await world.organization()
    const rename = () => owner.patch(`/v1/orgs/${slug}`, { name: 'Again' })
    for (let count = 0; count < 5; count++) expect((await rename()).status).toBe(200)
    expect(await passed(() => owner.post(`/v1/orgs/${slug}/projects`, {}))).toBe(3)
    expect((await rename()).status).toBe(200)
  })
})

describe('*', () => {
  const world = startWorld({ environment: { RATE_LIMIT_ROUTES: '/v1/plans=3,*=5' }, monotonicMs })
  beforeEach(nextWindow)

  it('is the limit of every route that is not named', async () => {
    expect(await passed(() => world.anonymous.get('/v1/plans'))).toBe(3)
    for (const path of ['/livez', '/v1/config', '/nothing', '/v1/backend/application'])
      expect(await passed(() => world.anonymous.get(path)), path).toBe(5)
    expect(await passed(() => world.anonymous.post('/v1/auth/login', {}))).toBe(5)
  })
})

describe('a caller who tries many keys', () => {
  const world = startWorld({ environment: { RATE_LIMIT_ROUTES: '*=5' }, monotonicMs })
  beforeEach(nextWindow)

  it('is limited by address, before anybody looks them up', async () => {
    const secret = () => world.withBearer(newSecretKey()).get('/v1/backend/application')
    expect(await passed(secret)).toBe(5)
    nextWindow()
    const publishable = () => world.withPublishableKey(newPublishableKey()).get('/v1/client/config')
    expect(await passed(publishable)).toBe(5)
    nextWindow()
    let count = 0
    expect(await passed(() => world.withBearer(`a.b.${++count}`).get('/v1/me'))).toBe(5)
  })
})

it('has a limit for each use case of the contract', () => {
  const shown = Object.fromEntries(Object.entries(limits).map(([name, { max }]) => [name, max]))
  expect(shown).toMatchObject({
    default: 240,
    health: 60,
    serviceConfig: 120,
    clientConfig: 120,
    backendApplication: 60,
    login: 10,
    register: 10,
    invitationPreview: 60,
    invitationAccept: 10,
    mutation: 60,
    verify: 6_000,
    events: 6_000,
  })
})

describe('a host whose clock is set', () => {
  let time = Date.now()
  const clock = () => new Date(time)
  const world = startWorld({ environment: { RATE_LIMIT_ROUTES: '/v1/plans=3,*=100000' }, clock })

  it.each([3_600_000, -7_200_000])('gives nobody a new window when it steps by %i ms', async (step) => {
    await passed(() => world.anonymous.get('/v1/plans'), 10)
    time += step
    expect(await passed(() => world.anonymous.get('/v1/plans'))).toBe(0)
  })
})

import { describe, expect, it } from 'vitest'
import type { Answer } from '../support/http.ts'
import { startWorld, type World } from '../support/world.ts'

const quick = { RATE_LIMIT_ROUTES: '/v1/config=2' }
let now = Date.now()
const monotonicMs = () => now

/** Whether two requests with these headers count as one client. */
async function isOneClient(world: World, a: string | string[], b: string | string[]): Promise<boolean> {
  now += 60_000
  const send = (forwarded: string | string[]): Promise<Answer> =>
    world.anonymous.get('/v1/config', { 'x-forwarded-for': forwarded })
  const remaining = [await send(a), await send(b)].map(({ headers }) => headers['ratelimit-remaining'])
  return remaining[1] === '0'
}

async function addressOf(world: World, headers: Record<string, string | string[]>): Promise<string> {
  const email = `seen${Math.random().toString(36).slice(2)}@example.com`
  const body = { email, password: 'correct-horse-battery', organization_name: 'Seen' }
  expect((await world.anonymous.post('/v1/auth/register', body, headers)).status).toBe(201)
  const person = await world.signIn(email)
  const { body: sessions } = await person.get('/v1/auth/sessions')
  return sessions.at(-1).ip_address
}

describe('without trusted proxies', () => {
  const world = startWorld({ environment: quick, monotonicMs })

  it.each([
    ['1.1.1.1', '2.2.2.2'],
    ['2001:db8:1::1', '2001:db8:2::1'],
    ['127.0.0.1', '10.0.0.1'],
    ['garbage', ''],
  ])('a forwarded address changes nothing: %s, %s', async (a, b) => {
    expect(await isOneClient(world, a, b)).toBe(true)
  })

  it('no other header does, either', async () => {
    for (const name of ['forwarded', 'x-real-ip', 'x-client-ip', 'true-client-ip', 'cf-connecting-ip']) {
      now += 60_000
      await world.anonymous.get('/v1/config', { [name]: '1.1.1.1' })
      const answer = await world.anonymous.get('/v1/config', { [name]: '2.2.2.2' })
      expect(answer.headers['ratelimit-remaining'], name).toBe('0')
    }
  })

  it("keeps the connection's own address with the session", async () => {
    expect(await addressOf(world, { 'x-forwarded-for': '1.1.1.1' })).toBe('127.0.0.1')
  })
})

describe('behind a trusted proxy', () => {
  const world = startWorld({
    environment: { ...quick, TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/8,fd00::/8' },
    monotonicMs,
  })

  it.each<[a: string | string[], b: string | string[]]>([
    ['203.0.113.1', '203.0.113.1'],
    ['9.9.9.9, 203.0.113.1', '203.0.113.1'],
    ['8.8.8.8, 9.9.9.9, 203.0.113.1', '7.7.7.7, 203.0.113.1'],
    ['203.0.113.1, 10.1.2.3', '203.0.113.1'],
    [['9.9.9.9', '203.0.113.1'], '203.0.113.1'],
    ['203.0.113.1 ', '203.0.113.1'],
    ['::ffff:203.0.113.1', '203.0.113.1'],
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff'],
    ['2001:DB8:1:2::1', '2001:db8:0001:0002:0:0:0:9'],
    ['fe80::1%eth0', 'fe80::2%eth1'],
    ['garbage', 'other garbage'],
    ['<script>', "' or 1=1"],
    ['1.2.3.4:5678', '1.2.3.4:9999'],
    ['unknown', '_hidden'],
    ['999.1.1.1', '1.1.1'.repeat(100)],
    ['', ','],
  ])('%j and %j are one client', async (a, b) => {
    expect(await isOneClient(world, a, b)).toBe(true)
  })

  it.each([
    ['203.0.113.1', '203.0.113.2'],
    ['9.9.9.9, 203.0.113.1', '9.9.9.9, 203.0.113.2'],
    ['203.0.113.1, 10.1.2.3', '203.0.113.2, 10.1.2.3'],
    ['2001:db8:1:2::1', '2001:db8:1:3::1'],
    ['::ffff:203.0.113.1', '::ffff:203.0.113.2'],
    ['203.0.113.1', 'garbage'],
  ])('%s and %s are two clients', async (a, b) => {
    expect(await isOneClient(world, a, b)).toBe(false)
  })

  it.each([
    ['9.9.9.9, 203.0.113.1', '203.0.113.1'],
    ['::ffff:203.0.113.1', '203.0.113.1'],
    ['2001:db8:1:2::1', '2001:db8:1:2::1'],
    ['garbage', '127.0.0.1'],
  ])('%s is kept with the session as %s', async (forwarded, address) => {
    expect(await addressOf(world, { 'x-forwarded-for': forwarded })).toBe(address)
  })
})

import { once } from 'node:events'
import net from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { call } from '../support/http.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { startService, type TestService } from '../support/service.ts'
import { tool } from '../support/tools.ts'

const counts = 'Redis counts requests'
const fails = 'Redis does not count requests'
const limited = { RATE_LIMIT_ROUTES: '/v1/config=5,*=1000000' }

let database: TestDatabase
let redis: TestRedis
let proxy: FaultProxy
let running: TestService[] = []

async function serviceWith(url: string, more: Record<string, string> = {}) {
  const environment = { ...limited, RATE_LIMIT_REDIS_URL: url, ...more }
  const service = await startService(database, { environment })
  running.push(service)
  return service
}
const said = ({ logLines }: TestService, text: string) => logLines.filter((line) => line.includes(text))
const hasSaid = (service: TestService, text: string, times = 1) =>
  expect.poll(() => said(service, text).length, { timeout: 20_000 }).toBe(times)
async function counting(url: string, more?: Record<string, string>) {
  const service = await serviceWith(url, more)
  await hasSaid(service, counts)
  return service
}

const get = ({ port }: TestService, path = '/v1/config') => call(port, { path })
const isAnswered = async (service: TestService) => expect((await get(service, '/livez')).status).toBe(200)
/** Waits for two more connections, the second of which tells that the first failed. */
async function isTriedAgain() {
  const seen = new Set(proxy.links)
  const tries = async () => {
    for (const link of proxy.links) seen.add(link)
    const [, received] =
      /total_connections_received:(\d+)/.exec(String(await redis.ask('INFO', 'stats'))) ?? []
    return [seen.size, Number(received)]
  }
  const before = await tries()
  const most = async () => Math.max(...(await tries()).map((count, kind) => count - (before[kind] ?? 0)))
  await expect.poll(most, { timeout: 20_000 }).toBeGreaterThanOrEqual(2)
}
/** How many counters there are in Redis beside that of the proof. */
const countersInRedis = async () => ((await redis.ask('KEYS', '*')) as string[]).length - 1

// Redis has 100 ms for an answer, which a machine may be too busy to give it.
describe.skipIf(!tool('redis-server'))('with a Redis', { retry: 2 }, () => {
  beforeAll(async () => {
    database = await createTestDatabase(inject('postgres'))
    redis = await startRedis()
    proxy = await startFaultProxy(redis.url)
  })
  beforeEach(() => redis.ask('FLUSHALL'))
  afterEach(async () => {
    await Promise.all(running.map((service) => service.stop()))
    for (const service of running)
      expect(said(service, '"internal error"'), 'nothing may end as internal_error').toEqual([])
    running = []
    await proxy.heal()
  })
  afterAll(async () => {
    await proxy?.stop()
    await redis?.stop()
    await database?.drop()
  })

  describe('replicas', () => {
    it('count together, and say the same as one alone', async () => {
      const [one, other] = [await counting(redis.url), await counting(redis.url)]
      const told = []
      for (const service of [one, other, one, other, one, other, one]) {
        const { status, headers } = await get(service)
        const rate = ['limit', 'remaining'].map((name) => Number(headers[`ratelimit-${name}`]))
        told.push([status, ...rate])
        expect(Number(headers['ratelimit-reset'])).toBeGreaterThan(40)
        expect(Number(headers['ratelimit-reset'])).toBeLessThanOrEqual(60)
        expect(headers['retry-after']).toBe(status === 429 ? headers['ratelimit-reset'] : undefined)
      }
      expect(told).toEqual([
        [200, 5, 4],
        [200, 5, 3],
        [200, 5, 2],
        [200, 5, 1],
        [200, 5, 0],
        [429, 5, 0],
        [429, 5, 0],
      ])
    })

    it('begin a new window together', async () => {
      const short = { RATE_LIMIT_WINDOW_MS: '1000' }
      const [one, other] = [await counting(redis.url, short), await counting(redis.url, short)]
      for (let times = 0; times < 6; times++) await get(one)
      await expect.poll(async () => (await get(other)).status, { timeout: 10_000 }).toBe(200)
    })

    it('tell Redis a digest, and neither who called nor a key', async () => {
      const service = await counting(redis.url)
      const headers = { 'x-seqn-publishable-key': 'pk_live_told', authorization: 'Bearer sk_live_told' }
      await call(service.port, { path: '/v1/client/config', headers })
      await call(service.port, { path: '/v1/backend/application', headers })
      const keys = (await redis.ask('KEYS', '*')) as string[]
      expect(keys.length).toBe(4)
      for (const key of keys) expect(key).toMatch(/^silver-auth:rate-limit:(proof|[\w-]{43})$/)
      for (const key of keys) expect(await redis.ask('PTTL', key)).toBeGreaterThan(0)
    })
  })

  describe('in trouble', () => {
    const troubles: Record<string, { begin: () => unknown; end: () => unknown; reason: RegExp }> = {
      'went away': {
        begin: () => proxy.refuse(),
        end: () => proxy.heal(),
        reason: /closed|ECONNRE/,
      },
      'a black hole': {
        begin: () => proxy.goSilent(),
        end: () => proxy.heal(),
        reason: /no answer/,
      },
      hangs: {
        begin: () => redis.ask('CLIENT', 'PAUSE', '600000', 'WRITE'),
        end: () => redis.ask('CLIENT', 'UNPAUSE'),
        reason: /no answer/,
      },
      slow: {
        begin: () => proxy.slowDown({ delayMs: 200 }),
        end: () => proxy.heal(),
        reason: /no answer/,
      },
      'answers errors': {
        begin: () => redis.ask('CONFIG', 'SET', 'maxmemory', '1'),
        end: () => redis.ask('CONFIG', 'SET', 'maxmemory', '0'),
        reason: /OOM/,
      },
    }

    it.each(Object.keys(troubles))('%s: requests are counted in memory until it is well', async (name) => {
      const { begin, end, reason } = troubles[name] ?? expect.fail()
      const service = await counting(proxy.url)
      await isAnswered(service)
      expect(await countersInRedis()).toBe(1)

      await begin()
      const answers = await Promise.all(Array.from({ length: 100 }, () => get(service, '/livez')))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      await hasSaid(service, fails)
      const statuses = []
      for (let times = 0; times < 8; times++) statuses.push((await get(service)).status)
      expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429])
      if (name !== 'went away') await isTriedAgain()
      expect(said(service, fails).length).toBe(1)
      expect(JSON.parse(said(service, fails)[0] ?? '').reason).toMatch(reason)

      await end()
      await hasSaid(service, counts, 2)
      await redis.ask('FLUSHALL')
      expect((await get(service)).headers['ratelimit-remaining']).toBe('4')
      expect(await redis.ask('DBSIZE')).toBe(1)
      expect(said(service, fails).length).toBe(1)
    })

    it('waits for one answer, and sends nothing more, nor again', async () => {
      const service = await counting(proxy.url)
      await isAnswered(service)
      const sent = () =>
        [...proxy.links].flatMap(({ texts }) => texts.filter((text) => /evalsha/i.test(text)))
      const before = sent().length
      proxy.goSilent({ direction: 'to client', only: () => true })
      const links = [...proxy.links]
      for (let times = 0; times < 50; times++) await isAnswered(service)
      const asked = links.flatMap(({ texts }) => texts.filter((text) => /evalsha/i.test(text))).length
      expect(asked - before).toBe(1)
    })
  })

  it('that is not there at the start is used when it comes', async () => {
    await redis.halt()
    const service = await serviceWith(redis.url)
    await hasSaid(service, fails)
    await isAnswered(service)
    await redis.run()
    await hasSaid(service, counts)
    await isAnswered(service)
    expect(await countersInRedis()).toBe(1)
    expect(said(service, fails).length).toBe(1)
  })

  it('knows nobody any more after a stop, which is no failure', async () => {
    const service = await counting(redis.url)
    await isAnswered(service)
    await service.stop()
    running = []
    const clients = async () =>
      String(await redis.ask('CLIENT', 'LIST'))
        .trim()
        .split('\n').length
    await expect.poll(clients).toBe(1)
    expect(said(service, fails)).toEqual([])
  })

  it('lets in with a password, which stands in no line of the log when it is wrong', async () => {
    const guarded = await startRedis({ password: 'marked-secret' })
    try {
      const right = await counting(guarded.url)
      const wrong = await serviceWith(guarded.url.replace('marked-', 'marked-wrong-'))
      await hasSaid(wrong, fails)
      expect(said(wrong, 'WRONGPASS').length).toBe(1)
      for (const service of [right, wrong]) expect(said(service, 'marked')).toEqual([])
    } finally {
      await guarded.stop()
    }
  })

  it('is spoken to in TLS where the URL says rediss', async () => {
    const first = Promise.withResolvers<Buffer>()
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', (bytes) => {
        first.resolve(bytes)
        socket.destroy()
      })
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const service = await serviceWith(`rediss://127.0.0.1:${(server.address() as net.AddressInfo).port}`)
    const [handshake, major] = await first.promise
    expect([handshake, major]).toEqual([0x16, 3])
    await hasSaid(service, fails)
    await new Promise((resolve) => server.close(resolve))
  })
})

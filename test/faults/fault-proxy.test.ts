import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { postgresSplitter } from '../support/fault-proxy/postgres-requests.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { call } from '../support/http.ts'

let database: TestDatabase
let proxy: FaultProxy
let clients: pg.Client[] = []

beforeAll(async () => {
  database = await createTestDatabase(inject('postgres'))
  proxy = await startFaultProxy(database.superuserUrl)
  const client = await connected()
  await client.query('create table notes (text text)')
})
afterEach(async () => {
  await proxy.heal()
  proxy.cut()
  await Promise.allSettled(clients.map((client) => client.end()))
  clients = []
})
afterAll(async () => {
  await proxy?.stop()
  await database?.drop()
})

async function connected(options: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: proxy.url, ...options })
  client.on('error', () => undefined)
  clients.push(client)
  await client.connect()
  return client
}
const notes = async () =>
  (await (await connected()).query('select text from notes')).rows.map(({ text }) => text)

describe('what it understands', () => {
  it('knows the statement of simple, extended and named queries', async () => {
    const seen = proxy.setTrap({ matches: () => true, skip: Number.POSITIVE_INFINITY, verdict: 'pass' })
    const client = await connected()
    await client.query('select 1')
    await client.query('select $1::int', [2])
    for (let time = 0; time < 2; time++)
      await client.query({ name: 'n', text: 'select $1::text', values: ['a'] })
    expect([...proxy.links].at(-1)?.texts).toEqual([
      'select 1',
      'select $1::int',
      'select $1::text',
      'select $1::text',
    ])
    expect(seen.count()).toBe(4)
  })

  it('knows them however the bytes are cut', () => {
    const message = (type: string, body: string) => {
      const length = Buffer.alloc(4)
      length.writeInt32BE(Buffer.byteLength(body) + 4)
      return Buffer.concat([Buffer.from(type), length, Buffer.from(body)])
    }
    const stream = Buffer.concat([
      Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]),
      Buffer.from([0, 0, 0, 9, 0, 3, 0, 0, 0]),
      message('p', 'secret\0'),
      message('P', 'name\0select 1\0'),
      message('B', '\0name\0'),
      message('E', '\0'),
      message('S', ''),
      message('B', '\0name\0'),
      message('S', ''),
      message('Q', 'commit\0'),
      message('X', ''),
    ])
    const split = postgresSplitter()
    const pieces = [...stream].flatMap((byte) => split(Buffer.from([byte])))
    expect(pieces.map(({ text }) => text)).toEqual([
      undefined,
      undefined,
      undefined,
      'select 1',
      'select 1',
      'commit',
      undefined,
    ])
    expect(Buffer.concat(pieces.map(({ bytes }) => bytes))).toEqual(stream)
  })

  it('takes a request as it comes before a server that is not PostgreSQL', async () => {
    const server = createServer((_request, response) => response.end('here')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const web = await startFaultProxy(`http://127.0.0.1:${port}`)
    const through = Number(new URL(web.url).port)
    web.loseAnswerTo('GET /lost')
    await expect(call(through, { path: '/lost' })).rejects.toThrow()
    web.tearAnswerTo('GET /torn')
    await expect(call(through, { path: '/torn' })).rejects.toThrow('aborted')
    expect(await call(through, { path: '/lost' })).toMatchObject({ status: 200, text: 'here' })
    await web.stop()
    server.close()
  })
})

describe('one request', () => {
  it('is cut before the server sees it: nothing is committed', async () => {
    const client = await connected()
    await client.query(`begin; insert into notes values ('before')`)
    const trap = proxy.resetBefore('commit')
    await expect(client.query('COMMIT')).rejects.toThrow()
    expect(trap.isCaught()).toBe(true)
    expect(await notes()).toEqual([])
  })

  it.each(['loseAnswerTo', 'tearAnswerTo'] as const)(
    'reaches the server, and %s loses the answer: it is committed',
    async (fault) => {
      const client = await connected()
      await client.query(`begin; delete from notes; insert into notes values ('${fault}')`)
      proxy[fault]('commit')
      await expect(client.query('commit')).rejects.toThrow()
      expect(await notes()).toEqual([fault])
    },
  )

  it('is the n-th that matches, and the others pass', async () => {
    const trap = proxy.setTrap({ matches: ({ text }) => text.includes('2'), skip: 1, verdict: 'cut' })
    const client = await connected()
    for (const text of ['select 1', 'select 2', 'select 1']) await client.query(text)
    await expect(client.query('select 22')).rejects.toThrow()
    expect((await trap.caught).text).toBe('select 22')
  })

  it('fails in the server with a chosen code, and its transaction with it', async () => {
    const client = await connected()
    await client.query('begin')
    proxy.setTrap({ verdict: { sqlState: '57014' } })
    await expect(client.query('select $1::int', [1])).rejects.toMatchObject({ code: '57014' })
    await expect(client.query('select 1')).rejects.toMatchObject({ code: '25P02' })
    await client.query('rollback')
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('is held for as long as its verdict takes', async () => {
    const released = Promise.withResolvers<'pass'>()
    const client = await connected()
    const trap = proxy.setTrap({ verdict: () => released.promise })
    let isAnswered = false
    const answer = client.query('select 1').then(() => {
      isAnswered = true
    })
    await trap.caught
    await (await connected()).query('select 1')
    expect(isAnswered).toBe(false)
    released.resolve('pass')
    await answer
  })
})

describe('the whole network', () => {
  const impatient = { query_timeout: 200, connectionTimeoutMillis: 200 }

  it('goes silent for old and new connections, and heals', async () => {
    const client = await connected(impatient)
    proxy.goSilent()
    await expect(client.query('select 1')).rejects.toThrow('timeout')
    await expect(connected(impatient)).rejects.toThrow('timeout')
    await proxy.heal()
    await (await connected()).query('select 1')
  })

  it('goes silent in one direction', async () => {
    const client = await connected(impatient)
    proxy.goSilent({ direction: 'to client' })
    await expect(client.query(`insert into notes values ('heard')`)).rejects.toThrow('timeout')
    await proxy.heal()
    expect(await notes()).toContain('heard')
  })

  it('goes silent for the one connection that sent LISTEN, before or after', async () => {
    const [early, late, other] = await Promise.all([1, 2, 3].map(() => connected(impatient)))
    await early?.query('listen here')
    proxy.goSilent({ only: ({ texts }) => texts.some((text) => /^listen/i.test(text)) })
    await expect(early?.query('select 1')).rejects.toThrow('timeout')
    await expect(late?.query('LISTEN here')).rejects.toThrow('timeout')
    expect((await other?.query('select 1 as one'))?.rows).toEqual([{ one: 1 }])
  })

  it('delays, and lets little through', async () => {
    const client = await connected()
    const measured = async (text: string) => {
      const begun = performance.now()
      await client.query(text)
      return performance.now() - begun
    }
    proxy.slowDown({ delayMs: 50 })
    expect(await measured('select 1')).toBeGreaterThanOrEqual(99)
    proxy.slowDown({ delayMs: 0, bytesPerSecond: 10_000 })
    expect(await measured(`select repeat('x', 2000)`)).toBeGreaterThanOrEqual(199)
  })

  it('refuses connections, and listens again on the same port', async () => {
    const client = await connected()
    await proxy.refuse()
    await expect(client.query('select 1')).rejects.toThrow()
    await expect(connected()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await proxy.heal()
    await (await connected()).query('select 1')
  })

  it('passes on what the server says before it ends a connection', async () => {
    const client = await connected()
    await expect(client.query('select pg_terminate_backend(pg_backend_pid())')).rejects.toMatchObject({
      code: '57P01',
    })
  })

  it('leads to another server when told so', async () => {
    proxy.lead('postgres://127.0.0.1:1/')
    await expect(connected()).rejects.toThrow()
    proxy.lead(database.superuserUrl)
    await (await connected()).query('select 1')
  })
})

import { once } from 'node:events'
import net from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import type { Phase } from '../../src/context.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { call } from '../support/http.ts'
import { startService, type TestService } from '../support/service.ts'

let database: TestDatabase
let service: TestService
let holder: pg.Client
let phase: Phase
beforeAll(async () => {
  database = await createTestDatabase(inject('postgres'))
})
beforeEach(async () => {
  phase = 'ready'
  service = await startService(database, { phase: () => phase })
  holder = new pg.Client({ connectionString: database.superuserUrl })
  await holder.connect()
  return () => holder.end()
})
afterAll(() => database.drop())

const inFlight = async () => {
  // Of this database: other files' sessions wait for locks of theirs.
  const query = `select 1 from pg_stat_activity
    where wait_event_type = 'Lock' and usename = 'silver_app' and datname = current_database()`
  await expect.poll(async () => (await holder.query(query)).rowCount).toBeGreaterThan(0)
}

const plans = 'GET /v1/plans HTTP/1.1\r\nHost: a\r\n\r\n'
const livez = 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n'

/** A connection that keeps what it receives, and on which `text` is sent. */
function connect(text: string) {
  const socket = net.connect(service.port, '127.0.0.1')
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk
  })
  socket.on('error', () => undefined)
  socket.write(text)
  const closed = once(socket, 'close').then(() => received)
  return { socket, closed, received: () => received }
}

describe('about to stop', () => {
  it('is not ready, serves old and new connections, and tells each to close', async () => {
    const old = connect(livez)
    await expect.poll(old.received).toContain('{"status":"ok"}')
    expect(old.received().toLowerCase()).toContain('connection: keep-alive')
    phase = 'stopping'
    old.socket.write(plans)
    expect((await old.closed).toLowerCase()).toContain('connection: close')
    expect(await call(service.port, { path: '/v1/plans' })).toMatchObject({
      status: 200,
      headers: { connection: 'close' },
    })
    for (const path of ['/healthz', '/healthz?exclude=database'])
      expect(await call(service.port, { path })).toMatchObject({
        status: 503,
        body: { status: 'unavailable', checks: { service: 'stopping' } },
      })
    await service.stop()
  })

  it('closes no connection under a body that is still being sent', async () => {
    phase = 'stopping'
    const refused = 'POST /v1/orgs HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n'
    const late = connect(`${refused}12345`)
    await expect.poll(late.received).toContain('authentication_required')
    expect(late.received().toLowerCase()).not.toContain('connection: close')
    late.socket.write(`67890${livez}`)
    expect((await late.closed).toLowerCase()).toMatch(/connection: close[\s\S]*{"status":"ok"}$/)
    await service.stop()
  })
})

it('finishes what is in flight, tells it to close, and takes no more', async () => {
  await holder.query('begin; lock table plans')
  const busy = connect(plans)
  await inFlight()
  const stopped = service.stop()
  await expect
    .poll(() => call(service.port, { path: '/livez' }).catch((error) => error.code))
    .toBe('ECONNREFUSED')
  expect(busy.received()).toBe('')
  await holder.query('commit')
  const answer = await busy.closed
  expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/)
  expect(answer.toLowerCase()).toContain('\r\nconnection: close\r\n')
  expect(answer).toContain('"key":"free"')
  await stopped
})

it('serves a request that had begun to arrive, and then closes its connection', async () => {
  const [begun, rest] = [livez.slice(0, 12), livez.slice(12)]
  const late = connect(begun)
  // An answer on another connection tells that the service has read what came before.
  await expect.poll(() => late.socket.bytesWritten).toBe(begun.length)
  await call(service.port, { path: '/livez' })
  const stopped = service.stop()
  await expect
    .poll(() => call(service.port, { path: '/livez' }).catch((error) => error.code))
    .toBe('ECONNREFUSED')
  late.socket.write(rest)
  const answer = await late.closed
  expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/)
  expect(answer.toLowerCase()).toContain('connection: close')
  expect(answer).toContain('{"status":"ok"}')
  await stopped
})

it('does not wait for connections that only stand open', async () => {
  const idle = connect(livez)
  await expect.poll(idle.received).toContain('{"status":"ok"}')
  const silent = connect('')
  await once(silent.socket, 'connect')
  await service.stop()
  await Promise.all([idle.closed, silent.closed])
})

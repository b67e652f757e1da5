import { readFile } from 'node:fs/promises'
import net from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/db/database.ts'
import { startMetricsServer } from '../../src/http/metrics-server.ts'
import { metricsRegistry } from '../../src/metrics-registry.ts'
import { call } from '../support/http.ts'
import { rawCall } from '../support/raw.ts'
import { freePort } from '../support/spawned.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld({ environment: { RATE_LIMIT_ROUTES: '*=1000000,/v1/plans=1' } })
let port: number
let database: ReturnType<typeof openDatabase>
let server: Awaited<ReturnType<typeof startMetricsServer>>

beforeAll(async () => {
  port = await freePort()
  database = openDatabase({ url: world.database.appUrl, poolMax: 3, onLostConnection: () => undefined })
  server = await startMetricsServer({ host: '127.0.0.1', port }, metricsRegistry(world.ctx, database.pool))
})
afterAll(async () => {
  await server?.stop()
  await database?.close()
})

/** The values that `/metrics` shows now, by name and labels as they are written there. */
async function scrape() {
  const { text } = await call(port, { path: '/metrics' })
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const values = new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').pop())]),
  )
  return (name: string) => values.get(`silver_auth_${name}`)
}

const durations = 'http_request_duration_seconds'

it('answers in the text format, on its own port only', async () => {
  const answer = await call(port, { path: '/metrics' })
  expect(answer).toMatchObject({
    status: 200,
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
  })
  expect(await call(port, { path: '/' })).toMatchObject({ status: 404, text: '' })
  expect(await call(port, { method: 'POST', path: '/metrics' })).toMatchObject({ status: 404 })
  expect((await world.anonymous.get('/metrics')).status).toBe(404)
})

describe('requests', () => {
  it('are counted by method, route and status, with how long they took', async () => {
    const { owner, id } = await world.organization()
    await owner.get(`/v1/orgs/${id}`)
    const labels = 'method="GET",route="/v1/orgs/:org",status="200"'
    await expect.poll(async () => (await scrape())(`${durations}_count{${labels}}`)).toBe(1)
    const shown = await scrape()
    expect(shown(`${durations}_sum{${labels}}`)).toBeGreaterThan(0)
    const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, '+Inf'].map(
      (bound) => shown(`${durations}_bucket{${labels.replace(/$/, `,le="${bound}"`)}}`),
    )
    expect(buckets).toEqual([...buckets].sort())
    expect(buckets.at(-1)).toBe(1)
  })

  it('whose callers went away count as 499', async () => {
    const { owner, id } = await world.organization()
    const holder = new pg.Client({ connectionString: world.database.superuserUrl })
    await holder.connect()
    await holder.query('begin; lock table organizations')
    const socket = net.connect(world.port, '127.0.0.1')
    socket.write(`GET /v1/orgs/${id} HTTP/1.1\r\nhost: a\r\ncookie: seqn_session=${owner.cookie}\r\n\r\n`)
    const waiting =
      "select 1 from pg_stat_activity where wait_event_type = 'Lock' and usename = 'silver_app' and datname = current_database()"
    await expect.poll(() => world.sql(waiting)).toHaveLength(1)
    socket.destroy()
    const labels = 'method="GET",route="/v1/orgs/:org",status="499"'
    await expect.poll(async () => (await scrape())(`${durations}_count{${labels}}`)).toBe(1)
    await holder.end()
  })

  it('that somebody makes up add no label', async () => {
    const before = (await call(port, { path: '/metrics' })).text.split('\n').length
    for (let count = 0; count < 20; count++) {
      await call(world.port, { path: `/made-up/${count}` })
      await call(world.port, { method: 'PROPFIND', path: `/made-up/${count}` })
      await call(world.port, { method: 'DELETE', path: '/v1/auth/login' })
    }
    await rawCall(world.port, 'NONSENSE\r\n\r\n')
    const unknown = (method: string, status: number) =>
      `${durations}_count{method="${method}",route="unknown",status="${status}"}`
    await expect.poll(async () => (await scrape())(unknown('DELETE', 405))).toBe(20)
    const shown = await scrape()
    expect(shown(unknown('GET', 404))).toBe(21)
    expect(shown(unknown('other', 404))).toBe(20)
    expect(shown(unknown('other', 400))).toBe(1)
    const after = (await call(port, { path: '/metrics' })).text
    expect(after).not.toMatch(/made-up|PROPFIND/)
    expect(after.split('\n').length - before).toBeLessThan(80)
  })
})

it('counts refusals by the name of the limit', async () => {
  await world.anonymous.get('/v1/plans')
  expect((await world.anonymous.get('/v1/plans')).status).toBe(429)
  expect((await scrape())('rate_limit_refusals_total{limit="default"}')).toBe(1)
})

it('counts keys by how they were judged', async () => {
  const project = await world.project(await world.organization())
  const ask = (key: string) => world.withBearer(key).get('/v1/backend/application')
  await ask(project.secretKey)
  await ask('sk_live_garbage')
  await world.anonymous.get('/v1/backend/application')
  const { id } = project.organization
  await project.organization.owner.patch(`/v1/orgs/${id}/projects/${project.id}`, { status: 'disabled' })
  await ask(project.secretKey)
  await world.sql('delete from secret_keys')
  await ask(project.secretKey)
  const shown = await scrape()
  const outcomes = ['ok', 'malformed', 'missing', 'disabled', 'unknown']
  expect(outcomes.map((outcome) => shown(`key_verifications_total{outcome="${outcome}"}`))).toEqual(
    outcomes.map(() => 1),
  )
})

it('counts sign-ins by method and how they ended', async () => {
  const { owner } = await world.organization()
  const attempt = (password: string) =>
    world.anonymous.post('/v1/auth/login', { email: owner.email, password })
  await attempt(owner.password)
  const statuses: number[] = []
  for (let count = 0; count < 7; count++) statuses.push((await attempt('wrong')).status)
  const shown = await scrape()
  const signIns = (outcome: string) => shown(`sign_ins_total{method="password",outcome="${outcome}"}`)
  expect(signIns('ok')).toBe(1)
  expect(signIns('refused')).toBe(statuses.filter((status) => status === 401).length)
  expect(signIns('locked')).toBe(statuses.filter((status) => status === 429).length)
  expect(signIns('locked')).toBeGreaterThan(0)
})

it('shows how the pool is used, what waits, and whether the database is up', async () => {
  const clients = await Promise.all([database.pool.connect(), database.pool.connect()])
  let shown = await scrape()
  for (const client of clients) client.release()
  expect(shown('database_connections{state="busy"}')).toBe(2)
  expect(shown('database_connections_max')).toBe(3)
  expect(shown('database_waiting_requests')).toBe(0)
  const release = Promise.withResolvers<void>()
  const hash = world.ctx.hashing.run(() => release.promise)
  shown = await scrape()
  release.resolve()
  await hash
  expect(shown('password_hash_queue_length')).toBe(1)
  expect(shown('ready')).toBe(1)
  expect(shown('database_up')).toBe(1)
})

it('shows that the database is down, and still answers', async () => {
  const url = `postgres://nobody@127.0.0.1:${await freePort()}/nothing`
  const gone = openDatabase({ url, poolMax: 2, onLostConnection: () => undefined })
  const text = await metricsRegistry({ ...world.ctx, db: gone.db }, gone.pool).metrics()
  await gone.close()
  expect(text).toContain('\nsilver_auth_database_up 0\n')
  expect(text).toContain('\nsilver_auth_webhook_deliveries_due Nan\n')
})

it('is documented: every name and type, and every label of ours', async () => {
  world.ctx.metrics.cacheLookups.add('keys', 'hit')
  world.ctx.metrics.webhookAttempts.add('succeeded')
  const { text } = await call(port, { path: '/metrics' })
  const page = await readFile(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
  const shown = [...text.matchAll(/^# TYPE (.+)$/gm)].map(([, nameAndType]) => nameAndType)
  const rows = [...page.matchAll(/^\| `(\w+)` +\| (\w+) +\| (.*?) *\|/gm)]
  expect(rows.map(([, name, type]) => `${name} ${type}`).sort()).toEqual(shown.sort())
  for (const [, name = '', , documented] of rows.filter(([, name]) => name?.startsWith('silver_auth_'))) {
    const [, labels = ''] = new RegExp(`^${name}(?:_sum)?\\{(.*)\\} `, 'm').exec(text) ?? []
    expect([...labels.matchAll(/(\w+)="/g)].map(([, label]) => label).join(', '), name).toBe(documented)
  }
})

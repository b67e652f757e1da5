import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config.ts'
import { makeContext, type Phase, type WorkerFacts } from '../../src/context.ts'
import { openDatabase } from '../../src/db/database.ts'
import { makeLogger } from '../../src/http/logging.ts'
import type { App } from '../../src/http/server.ts'
import { call } from '../support/http.ts'
import { testEnvironment } from '../support/settings.ts'
import { expectRefusal } from './envelope.ts'

// Nobody listens there.
const nowhere = 'postgres://silver_app:none@127.0.0.1:1/silver'

describe('without a database', () => {
  let phase: Phase = 'starting'
  let worker: WorkerFacts['state'] = 'disabled'
  let app: App
  let close: () => Promise<void>
  beforeAll(async () => {
    const config = parseConfig({ ...testEnvironment, DATABASE_URL: nowhere })
    const database = openDatabase({ url: nowhere, poolMax: 2, onLostConnection: () => undefined })
    close = database.close
    app = await buildApp(
      makeContext({
        config,
        db: database.db,
        log: makeLogger('silent'),
        phase: () => phase,
        webhookWorker: () => ({ state: worker, inFlight: 0 }),
      }),
    )
    await app.listen({ host: '127.0.0.1', port: 0 })
  })
  afterAll(async () => {
    await app.close()
    await close()
  })
  const get = (path: string, headers = {}) =>
    call((app.server.address() as AddressInfo).port, { path, headers })

  it.each<Phase>(['starting', 'ready', 'stopping'])(
    'answers while %s that the process lives',
    async (now) => {
      phase = now
      expect(await get('/livez')).toMatchObject({ status: 200, body: { status: 'ok' } })
      expect((await get('/v1/config')).status).toBe(200)
      expect((await get('/openapi.json')).status).toBe(200)
    },
  )

  it.each<Phase>(['starting', 'ready', 'stopping'])('says while %s what is missing', async (now) => {
    phase = now
    const answer = await get('/healthz')
    expect(answer.status).toBe(503)
    expect(answer.body).toMatchObject({
      status: 'unavailable',
      checks: { database: 'unavailable', service: now },
    })
  })

  it.each<[Phase, number]>([
    ['starting', 503],
    ['ready', 200],
    ['stopping', 503],
  ])('tells balancers while %s whether another replica would do better', async (now, status) => {
    phase = now
    const { body, ...answer } = await get('/healthz?exclude=database&verbose')
    expect(answer.status).toBe(status)
    expect(body.checks).toEqual({ service: now, webhookWorker: 'disabled' })
    expect(body.database).toBeUndefined()
  })

  it('does not send balancers elsewhere for a worker that is stuck', async () => {
    phase = 'ready'
    worker = 'unavailable'
    const answer = await get('/healthz?exclude=database')
    worker = 'disabled'
    expect(answer).toMatchObject({ status: 200, body: { checks: { webhookWorker: 'unavailable' } } })
  })

  it.each(['/v1/plans', '/v1/backend/application', '/v1/me', '/nothing', '/docs'])(
    'answers %s while starting with 503 and when to try again',
    async (path) => {
      phase = 'starting'
      const answer = await get(path)
      expectRefusal(answer, 'service_unavailable')
      expect(answer.headers['retry-after']).toBe('1')
      expect(answer.headers['x-content-type-options']).toBe('nosniff')
    },
  )

  it('answers with 503 when the database is gone later, and shows nothing of it', async () => {
    phase = 'ready'
    const answer = await get('/v1/plans')
    expectRefusal(answer, 'service_unavailable')
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1)
    expect(answer.text).not.toMatch(/ECONN|127\.0\.0\.1/)
  })
})

it('says at the start which limits are meant for routes that do not exist', async () => {
  const lines: string[] = []
  const config = parseConfig({
    ...testEnvironment,
    DATABASE_URL: nowhere,
    RATE_LIMIT_ROUTES: '/v1/plans=1,/v1/orgs/:org=2,/v1/plan=3,/v1/orgs/{org}=4,*=5',
  })
  const { db, close } = openDatabase({ url: nowhere, poolMax: 2, onLostConnection: () => undefined })
  const log = makeLogger('warn', { write: (line) => void lines.push(line) })
  const app = await buildApp(makeContext({ config, db, log }))
  await app.close()
  await close()
  const named = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg.startsWith('RATE_LIMIT_ROUTES'))
  expect(named.map(({ route }) => route)).toEqual(['/v1/plan', '/v1/orgs/{org}'])
})

import { afterAll, beforeAll, expect, it } from 'vitest'
import { call, cookieOf } from '../support/http.ts'
import { startService, type TestService } from '../support/service.ts'
import { testEnvironment } from '../support/settings.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const newer = 'Zp4uW8dQ1rX6bN3mY9kT2vC7jH5gF0sLaEoIiUtRqKwMxSzD'
let both: TestService
let onlyNewer: TestService

beforeAll(async () => {
  const SESSION_SECRET = `${newer},${testEnvironment.SESSION_SECRET}`
  both = await startService(world.database, { environment: { SESSION_SECRET } })
  onlyNewer = await startService(world.database, { environment: { SESSION_SECRET: newer } })
})
afterAll(async () => {
  await both?.stop()
  await onlyNewer?.stop()
})

const get = (service: TestService, cookie: string) =>
  call(service.port, { path: '/v1/auth/session', headers: { cookie: `seqn_session=${cookie}` } })

it('verifies under every secret of the list and signs under the first', async () => {
  const { owner } = await world.organization()
  expect((await get(both, owner.cookie)).status).toBe(200)
  const headers = { cookie: `seqn_session=${owner.cookie}` }
  const answer = await call(both.port, { method: 'POST', path: '/v1/auth/refresh', headers })
  const next = cookieOf(answer) ?? ''
  expect((await get(onlyNewer, next)).status).toBe(200)
  expect((await get(both, next)).status).toBe(200)
  expect((await world.withCookie(next).get('/v1/auth/session')).status).toBe(401)
})

it('signs everybody out when the single secret is replaced; passwords and API keys live on', async () => {
  const project = await world.project(await world.organization())
  const { owner } = project.organization
  expect((await get(onlyNewer, owner.cookie)).status).toBe(401)
  const authorization = `Bearer ${project.secretKey}`
  const checked = await call(onlyNewer.port, { path: '/v1/backend/application', headers: { authorization } })
  expect(checked.status).toBe(200)
  const body = { email: owner.email, password: owner.password }
  expect((await call(onlyNewer.port, { method: 'POST', path: '/v1/auth/login', body })).status).toBe(200)
})

it('keeps no token, only its keyed hash', async () => {
  const { owner } = await world.organization()
  const stored = await world.sql<{ hash: Buffer }>('select hash from session_tokens')
  const { createHash, createHmac } = await import('node:crypto')
  const hashes = stored.map(({ hash }) => hash.toString('hex'))
  expect(hashes).not.toContain(createHash('sha256').update(owner.cookie).digest('hex'))
  expect(hashes).not.toContain(Buffer.from(owner.cookie).toString('hex'))
  expect(hashes).toContain(
    createHmac('sha256', testEnvironment.SESSION_SECRET ?? '')
      .update(owner.cookie)
      .digest('hex'),
  )
})

import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { call, cookieOf } from '../support/http.ts'
import { startService, type TestService } from '../support/service.ts'

let database: TestDatabase
let proxy: FaultProxy
let service: TestService
const forgotten = new Set<string>()
let session: { cookie: string }
let organizationId: string
let userId: string
let projectId: string

const post = (path: string, body?: unknown, headers = {}) =>
  call(service.port, { method: 'POST', path, body, headers: { ...session, ...headers } })

beforeAll(async () => {
  database = await createTestDatabase(inject('postgres'))
  proxy = await startFaultProxy(database.appUrl)
  service = await startService({ ...database, appUrl: proxy.url })
  const { cache } = service.ctx
  const { forget } = cache
  cache.forget = (tags) => {
    for (const tag of tags) forgotten.add(tag)
    forget(tags)
  }
  // What is forgotten now is forgotten by the process that made the change, not because it heard of it.
  proxy.goSilent({ only: ({ texts }) => texts.some((text) => text.startsWith('listen')) })
  const registered = await call(service.port, {
    method: 'POST',
    path: '/v1/auth/register',
    body: { email: 'a@example.com', password: 'correct-horse-battery', organization_name: 'A' },
  })
  session = { cookie: `seqn_session=${cookieOf(registered)}` }
  organizationId = registered.body.user.organization_id
  userId = registered.body.user.user_id
  projectId = (await post(`/v1/orgs/${organizationId}/projects`, { name: 'Shop' })).body.project.id
})
beforeEach(() => forgotten.clear())
afterAll(async () => {
  await service?.stop()
  await proxy?.stop()
  await database?.drop()
})

const rotate = (headers = {}) =>
  post(`/v1/orgs/${organizationId}/projects/${projectId}/rotate-secret`, {}, headers)

it('forgets what a change changed, before it is answered', async () => {
  expect((await rotate()).status).toBe(200)
  expect([...forgotten].sort()).toEqual([`project:${projectId}`, `user:${userId}`])
})

it('forgets it also where it is not known whether COMMIT went through', async () => {
  proxy.loseAnswerTo('commit')
  expect((await rotate()).status).toBe(503)
  expect([...forgotten].sort()).toEqual([`project:${projectId}`, `user:${userId}`])
})

it('forgets it again when a change that was made before is answered', async () => {
  const key = { 'idempotency-key': 'rotation' }
  proxy.loseAnswerTo('commit')
  expect((await rotate(key)).status).toBe(503)
  forgotten.clear()
  const again = await rotate(key)
  expect(again.headers['idempotent-replayed']).toBe('true')
  expect([...forgotten].sort()).toEqual([`organization:${organizationId}`, `user:${userId}`])
})

it('forgets nothing of a change that was refused', async () => {
  const path = `/v1/orgs/${organizationId}/projects/${projectId}`
  const answer = await call(service.port, {
    method: 'DELETE',
    path,
    headers: session,
    body: { confirm: 'wrong' },
  })
  expect(answer.status).toBe(400)
  expect([...forgotten]).toEqual([])
})

import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { builtService } from '../faults/harness/built-service.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { until } from '../support/embedded-postgres.ts'
import { call } from '../support/http.ts'
import { startWebhookReceiver } from '../support/receiver.ts'

let database: TestDatabase
let receiver: Awaited<ReturnType<typeof startWebhookReceiver>>
const ends: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  database = await createTestDatabase(inject('postgres'))
  receiver = await startWebhookReceiver()
})
afterAll(async () => {
  await Promise.all(ends.map((end) => end()))
  await receiver.close()
  await database.drop()
})

async function startProcess(...flags: string[]) {
  const settings = { WEBHOOK_ALLOW_INSECURE: 'on', WEBHOOK_ALLOW_PRIVATE_ADDRESSES: 'on' }
  const service = await builtService(database, settings)
  const running = service.start(...flags)
  ends.push(() => service.end('SIGTERM'))
  await running.until(/is ready on/)
  return service
}

it('answers requests in one process and delivers in another', async () => {
  const api = await startProcess('--no-worker')
  const health = async (port: number) => (await call(port, { path: '/healthz?verbose' })).body
  expect((await health(api.port)).checks).toMatchObject({ webhookWorker: 'disabled' })
  const person = { email: 'parts@example.com', password: 'correct-horse-battery', organization_name: 'Parts' }
  const registered = await call(api.port, { method: 'POST', path: '/v1/auth/register', body: person })
  const ask = (path: string, body: object, method = 'POST') =>
    call(api.port, {
      method,
      path: `/v1/orgs/${registered.body.user.organization_id}${path}`,
      headers: { authorization: `Bearer ${registered.body.access_token}` },
      body,
    })
  const endpoint = { url: receiver.url, eventTypes: ['project.*'] }
  expect((await ask('/webhook-endpoints', endpoint)).status).toBe(201)
  expect((await ask('/projects', { name: 'One' })).status).toBe(201)
  // Looked up once a second at most.
  await until(async () => (await health(api.port)).webhooks.due === 1)

  const worker = await startProcess('--worker-only')
  await receiver.received(1)
  expect((await health(worker.port)).checks).toMatchObject({ database: 'ok', webhookWorker: 'ok' })
  expect((await call(worker.port, { path: '/livez' })).status).toBe(200)
  for (const path of ['/v1/plans', '/', '/sign-in', '/openapi.json'])
    expect((await call(worker.port, { path })).status).toBe(404)
  // From here on it is told.
  const { body } = await ask('/projects', { name: 'Two' })
  expect(await receiver.received(2)).toHaveLength(2)

  // What hangs when it stops is given back for others.
  receiver.answers('hang')
  expect((await ask(`/projects/${body.project.id}`, { name: 'Three' }, 'PATCH')).status).toBe(200)
  await receiver.received(3)
  expect(await worker.end('SIGTERM')).toEqual({ code: 0, signal: null })
  expect((await health(api.port)).webhooks.due).toBe(1)
})

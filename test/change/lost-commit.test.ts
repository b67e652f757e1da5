import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { verifyAuditLog } from '../../src/features/audit-log/verify.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { rows } from '../support/embedded-postgres.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { call, cookieOf } from '../support/http.ts'
import { startService, type TestService } from '../support/service.ts'

let database: TestDatabase
let proxy: Awaited<ReturnType<typeof startFaultProxy>>
let service: TestService

beforeAll(async () => {
  database = await createTestDatabase(inject('postgres'))
  proxy = await startFaultProxy(database.appUrl)
  service = await startService({ ...database, appUrl: proxy.url })
})
afterAll(async () => {
  await service?.stop()
  await proxy?.stop()
  await database?.drop()
})

it('answers 503 when the connection goes at COMMIT, and a retry with the key finds out what became of it', async () => {
  const registered = await call(service.port, {
    method: 'POST',
    path: '/v1/auth/register',
    body: { email: 'a@example.com', password: 'correct-horse-battery', organization_name: 'A' },
  })
  const create = () =>
    call(service.port, {
      method: 'POST',
      path: `/v1/orgs/${registered.body.user.organization_id}/projects`,
      headers: { cookie: `seqn_session=${cookieOf(registered)}`, 'idempotency-key': 'key-1' },
      body: { name: 'Shop' },
    })

  proxy.loseAnswerTo('commit')
  const lost = await create()
  expect(lost.status).toBe(503)
  expect(lost.body.error).toMatchObject({ code: 'service_unavailable' })
  expect(lost.headers['retry-after']).toMatch(/^[1-9]\d*$/)

  const retried = await create()
  expect(retried.status).toBe(201)
  expect(retried.headers['idempotent-replayed']).toBe('true')
  expect(await rows(database.superuserUrl, 'select id from projects')).toEqual([
    { id: retried.body.project.id },
  ])
  expect(
    await rows(database.superuserUrl, `select count(*)::int from events where type = 'project.created'`),
  ).toEqual([{ count: 1 }])
  expect((await verifyAuditLog(service.ctx.db)).flaws).toEqual([])
})

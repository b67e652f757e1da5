import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { withClient } from '../../src/db/postgres-roles.ts'
import { startOwnCaddy } from '../support/caddy.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startService, type TestService } from '../support/service.ts'
import { eventually, freePort } from '../support/spawned.ts'
import { tool } from '../support/tools.ts'

const host = 'accounts.silver.test'

describe.runIf(tool('caddy'))('Caddy while the service is away', () => {
  let database: TestDatabase
  let caddy: Awaited<ReturnType<typeof startOwnCaddy>>
  let servicePort: number
  let service: TestService | undefined

  const startAgain = async () => {
    const environment = { PUBLIC_BASE_URL: `https://${host}`, TRUSTED_PROXIES: '127.0.0.1' }
    service = await startService(database, { port: servicePort, environment })
  }
  beforeAll(async () => {
    database = await createTestDatabase(inject('postgres'))
    servicePort = await freePort()
    await startAgain()
    caddy = await startOwnCaddy({ host, port: await freePort(), upstreams: [servicePort] })
  })
  afterEach(async () => {
    await service?.stop()
    service = undefined
  })
  afterAll(async () => {
    await caddy?.stop()
    await database?.drop()
  })

  /** What Caddy's own health checks see. */
  const isDown = () => /health_checker\.active/.test(caddy.output())

  it('loses no request to a restart of the only replica', async () => {
    expect((await caddy.ask({ path: '/v1/plans' })).status).toBe(200)
    await service?.stop()
    const asked = [
      { path: '/v1/plans' },
      { path: '/sign-in' },
      { method: 'HEAD', path: '/sign-in' },
      { method: 'POST', path: '/v1/auth/logout', headers: { 'sec-fetch-site': 'same-origin' } },
    ].map((request) => caddy.ask(request))
    await eventually(isDown, 'Caddy has noticed that the replica is away')
    await startAgain()
    const statuses = (await Promise.all(asked)).map(({ status }) => status)
    expect(statuses).toEqual([200, 200, 200, 204])
  })

  it('passes on what the service says of a database that is away', async () => {
    await startAgain()
    expect((await caddy.ask({ path: '/v1/plans' })).status).toBe(200)
    const name = new URL(database.appUrl).pathname.slice(1)
    const superuser = (...statements: string[]) =>
      withClient(inject('postgres').superuserUrl, (client) => client.query(statements.join(';')))
    await superuser(
      `alter database ${name} allow_connections false`,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
    )
    const checks = () => service?.logLines.filter((line) => line.includes('"/healthz"')).length ?? 0
    const before = checks()
    await eventually(() => checks() > before + 1, 'Caddy has asked for its health with the database away')
    const { status, headers, body } = await caddy.ask({ path: '/v1/plans' })
    expect([status, headers['retry-after'], body.error.requestId]).toEqual([503, '2', expect.any(String)])
    await superuser(`alter database ${name} allow_connections true`)
    expect((await caddy.ask({ path: '/v1/plans' })).status).toBe(200)
  })

  it('says 503 and when to try again where no replica comes back, as the service would', async () => {
    const { status, headers, body } = await caddy.ask({ path: '/v1/plans' })
    expect([status, headers['retry-after'], headers['cache-control']]).toEqual([503, '2', 'no-store'])
    expect(headers['strict-transport-security']).toBe('max-age=63072000; includeSubDomains')
    expect(body).toEqual({
      error: {
        code: 'service_unavailable',
        message: expect.any(String),
        type: 'unavailable',
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    })
  })
})

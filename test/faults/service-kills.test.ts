import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, inject, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { rows } from '../support/embedded-postgres.ts'
import { createEmptyDatabase } from '../support/empty-database.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { call } from '../support/http.ts'
import { type BuiltService, builtService } from './harness/built-service.ts'
import { extent } from './harness/extent.ts'
import { seeded } from './harness/random.ts'
import { makeWorkspace, type Workspace } from './harness/workspaces.ts'

let database: TestDatabase
let proxy: FaultProxy
let services: BuiltService[] = []
const random = seeded(extent.seed)
const long = { timeout: 3_600_000 }

afterEach(async () => {
  await proxy.heal()
  await Promise.all(services.map((service) => service.end('SIGKILL')))
  services = []
  await proxy.stop()
  await database.drop()
})

/** The built service on this database, behind the proxy. */
async function serviceOn(made: Promise<TestDatabase>): Promise<BuiltService> {
  database = await made
  proxy = await startFaultProxy(database.appUrl)
  return anotherService()
}

async function anotherService(): Promise<BuiltService> {
  const { port } = new URL(proxy.url)
  const through = (url: string) => Object.assign(new URL(url), { port }).href
  const service = await builtService({
    appUrl: through(database.appUrl),
    ownerUrl: through(database.ownerUrl),
  })
  services.push(service)
  return service
}

const isReady = (service: BuiltService) => service.start().until(/is ready on/)
const count = async (text: string) =>
  (await rows(database.superuserUrl, `select count(*)::int from ${text}`))[0]?.count

/** Kills the service at the moment at which its n-th query from now on comes by, and lets that query pass. */
async function killAt(service: BuiltService, skip: number, during: () => Promise<unknown>) {
  const trap = proxy.setTrap({
    skip,
    verdict: async () => {
      await service.end('SIGKILL')
      return 'pass' as const
    },
  })
  const outcome = await during().catch((error: Error) => error)
  trap.remove()
  return { outcome, isKilled: trap.isCaught() }
}

describe('kill -9 of the service', () => {
  /** Every change asks this many queries or fewer, authentication included. */
  const queries = 14

  it('at any query of a change: all of it or nothing, and asking again does it once', long, async () => {
    const service = await serviceOn(createTestDatabase(inject('postgres')))
    await isReady(service)
    const { organizationId, token }: Workspace = await makeWorkspace(service.port)
    await rows(database.superuserUrl, 'update plans set project_limit = 1000000')
    let acknowledged = 0
    for (let round = 1; round <= (extent.rounds || 3); round++) {
      const request = {
        method: 'POST',
        path: `/v1/orgs/${organizationId}/projects`,
        headers: { cookie: `__Host-seqn_session=${token}`, 'idempotency-key': randomUUID() },
        body: { name: `Round ${round}` },
      }
      const ask = () => call(service.port, request)
      const { isKilled } = await killAt(service, Math.floor(random() * queries), ask)
      if (isKilled) await isReady(service)
      const answer = await ask()
      expect(answer.status, `round ${round} of seed ${extent.seed}`).toBe(201)
      acknowledged++
      expect(await count(`projects where name = 'Round ${round}'`)).toBe(1)
    }
    expect(await count(`audit_logs where action = 'project.created'`)).toBe(acknowledged)
    expect(await count(`events where type = 'project.created'`)).toBe(acknowledged)
    expect((await service.command('audit', 'verify')).output).toContain('every chain is whole')
  })

  it('at any query of the migrations: the next start completes them', long, async () => {
    const service = await serviceOn(createEmptyDatabase(inject('postgres')))
    const migrationQueries = 24
    for (let round = 1; round <= Math.min(extent.rounds || 2, 50); round++) {
      const { isKilled } = await killAt(service, Math.floor(random() * migrationQueries), async () => {
        const started = service.start()
        await started.until(/is ready on/)
      })
      if (!isKilled) break
    }
    await service.end('SIGKILL')
    await isReady(service)
    await makeWorkspace(service.port)
    expect(await count('streams')).toBeGreaterThan(0)
  })
})

describe('a start', () => {
  it('of two services at once on an empty database: each migration once, and both serve', async () => {
    const one = await serviceOn(createEmptyDatabase(inject('postgres')))
    const two = await anotherService()
    await Promise.all([isReady(one), isReady(two)])
    const { token } = await makeWorkspace(one.port)
    const headers = { cookie: `__Host-seqn_session=${token}` }
    expect((await call(two.port, { path: '/v1/auth/session', headers })).status).toBe(200)
    expect(await count('signing_keys')).toBe(1)
    const applied = await rows(database.superuserUrl, 'select name from schema_migrations')
    expect(new Set(applied.map(({ name }) => name)).size).toBe(applied.length)
  })

  it.each([
    ['is not there', () => proxy.refuse()],
    ['swallows everything', async () => proxy.goSilent()],
  ])(
    'before a database that %s: alive and 503, ready within five seconds of its return',
    async (_what, fail) => {
      const service = await serviceOn(createTestDatabase(inject('postgres')))
      await fail()
      const started = service.start()
      await started.until(/trying again/)
      const answer = await call(service.port, { path: '/v1/plans' })
      expect(answer).toMatchObject({
        status: 503,
        headers: { 'retry-after': expect.stringMatching(/^[1-9]/) },
      })
      expect((await call(service.port, { path: '/healthz' })).status).toBe(503)
      expect((await call(service.port, { path: '/livez' })).status).toBe(200)
      await proxy.heal()
      await Promise.race([started.until(/is ready on/), failAfter(5_000)])
    },
  )
})

describe('SIGTERM', () => {
  it('while the database swallows everything: ends within thirty seconds, in order', async () => {
    const service = await serviceOn(createTestDatabase(inject('postgres')))
    await isReady(service)
    await makeWorkspace(service.port)
    proxy.goSilent()
    const hanging = call(service.port, { path: '/v1/plans' }).catch((error: Error) => error)
    const ended = await Promise.race([service.end('SIGTERM'), failAfter(30_000)])
    expect(ended).toEqual({ code: 0, signal: null })
    await hanging
  })
})

function failAfter(ms: number): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error(`not within ${ms} ms`)), ms).unref()
  })
}

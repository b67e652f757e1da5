import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { startOwnCaddy } from '../support/caddy.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { freePort } from '../support/spawned.ts'
import { tool } from '../support/tools.ts'
import { builtService } from './harness/built-service.ts'
import { createdIn, startCallers } from './harness/callers.ts'
import { extent } from './harness/extent.ts'

const rounds = extent.isLong ? 20 : 1
const host = 'accounts.silver.test'
const mostStopMs = 30_000

let database: TestDatabase
let stops: (() => Promise<unknown>)[] = []
beforeEach(async () => {
  database = await createTestDatabase(inject('postgres'))
})
afterEach(async () => {
  await Promise.all(stops.map((stop) => stop()))
  stops = []
  await database?.drop()
})

async function startReplica(settings: Record<string, string>) {
  const service = await builtService(database, {
    LOG_LEVEL: 'info',
    DRAIN_SECONDS: '5',
    TRUSTED_PROXIES: '127.0.0.1',
    ...settings,
  })
  const start = async () => {
    const running = service.start()
    await running.until(/is ready on/)
    return running
  }
  stops.push(() => service.end('SIGTERM'))
  await start()
  return {
    port: service.port,
    end: () => service.end('SIGTERM'),
    /** Resolves when Caddy sends it requests again. */
    startAgain: async () => (await start()).until(/"route":"\/v1\/orgs"/),
  }
}

describe.runIf(tool('caddy'))("a stop under load behind the repository's Caddyfile", () => {
  it.each([
    ['one of two replicas', 2],
    ['the only process', 1],
  ])(
    'of %s fails no request and does none twice',
    { timeout: 60_000 + rounds * 60_000 },
    async (_which, count) => {
      const port = await freePort()
      const settings = { PUBLIC_BASE_URL: `https://${host}:${port}` }
      const replicas = await Promise.all(Array.from({ length: count }, () => startReplica(settings)))
      const caddy = await startOwnCaddy({ host, port, upstreams: replicas.map((replica) => replica.port) })
      stops.push(caddy.stop)
      const callers = await startCallers(caddy.ask)
      try {
        for (let round = 0; round < rounds; round++) {
          const replica = replicas[round % count]
          const begun = performance.now()
          expect(await replica?.end()).toEqual({ code: 0, signal: null })
          expect(performance.now() - begun).toBeLessThan(mostStopMs)
          await replica?.startAgain()
        }
      } finally {
        await callers.stop()
      }
      expect(callers.failures.slice(0, 5)).toEqual([])
      expect(callers.answered()).toBeGreaterThan(rounds * 20)
      expect((await createdIn(database.superuserUrl)).sort()).toEqual(callers.created.sort())
    },
  )
})

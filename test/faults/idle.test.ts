import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { call } from '../support/http.ts'
import { freePort, projectRoot } from '../support/spawned.ts'
import { builtService } from './harness/built-service.ts'

// What the last requests left to do: batches, and proofs that changes are heard of.
const settlingMs = 15_000
const restMs = 60_000
const mostCpuMs = 300
const mostMemoryMb = 150

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase(inject('postgres'))
})
afterAll(() => database?.drop())

it('costs next to nothing while nobody asks for anything', async () => {
  const metricsPort = await freePort()
  const service = await builtService(database, {
    METRICS_PORT: String(metricsPort),
    DRAIN_SECONDS: '0',
    ...(await tuning()),
  })
  const { child, until } = service.start()
  await until(/is ready on/)
  const person = { email: 'rest@example.com', password: 'correct-horse-battery' }
  const body = { ...person, organization_name: 'Rest' }
  expect((await call(service.port, { method: 'POST', path: '/v1/auth/register', body })).status).toBe(201)
  for (let count = 0; count < 20; count++) {
    await call(service.port, { method: 'POST', path: '/v1/auth/login', body: person })
    await call(service.port, { path: '/sign-in' })
  }
  await call(metricsPort, { path: '/metrics' })

  await wait(settlingMs)
  const before = await usage(child.pid)
  await wait(restMs)
  const after = await usage(child.pid)
  await service.end('SIGTERM')
  expect(after.cpuMs - before.cpuMs).toBeLessThan(mostCpuMs)
  expect(after.memoryMb).toBeLessThan(mostMemoryMb)
})

/** How `npm start` and the image tune memory. */
async function tuning() {
  const [start, image] = await Promise.all(
    ['package.json', 'Dockerfile'].map((name) => readFile(path.join(projectRoot, name), 'utf8')),
  )
  const [, GLIBC_TUNABLES = ''] = /GLIBC_TUNABLES=(\S+)/.exec(start ?? '') ?? []
  const [, NODE_OPTIONS = ''] = /(--max-semi-space-size=\d+)/.exec(start ?? '') ?? []
  expect(image).toContain(`GLIBC_TUNABLES=${GLIBC_TUNABLES} NODE_OPTIONS=${NODE_OPTIONS}\n`)
  return { GLIBC_TUNABLES, NODE_OPTIONS }
}

/** What Linux says of a process: processor time of all its threads, and memory in RAM. */
async function usage(pid: number | undefined) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // Behind the name, which may hold anything: user and system time come 12th and 13th, in hundredths of a second.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * 10,
    memoryMb: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024,
  }
}

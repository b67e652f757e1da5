import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, inject, it, onTestFinished } from 'vitest'
import { createTestDatabase } from '../support/database.ts'
import { call } from '../support/http.ts'
import { testEnvironment } from '../support/settings.ts'
import { freePort, plainEnvironment, projectRoot, start } from '../support/spawned.ts'

/** Accepts connections and never says a word. */
async function startBlackHole() {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as net.AddressInfo).port
}

it('serves and stops although Redis is a black hole, and keeps its password to itself', async () => {
  const database = await createTestDatabase(inject('postgres'))
  onTestFinished(() => database.drop())
  const directory = await mkdtemp(path.join(tmpdir(), 'silver-redis-url-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const file = path.join(directory, 'url')
  await writeFile(file, `redis://someone:marked-secret@127.0.0.1:${await startBlackHole()}\n`)
  const port = await freePort()
  const environment = {
    ...testEnvironment,
    DATABASE_URL: database.appUrl,
    DATABASE_OWNER_URL: database.ownerUrl,
    PORT: String(port),
    RATE_LIMIT_REDIS_URL_FILE: file,
  } as Record<string, string>
  const service = start(process.execPath, [path.join(projectRoot, 'dist', 'main.js')], {
    env: plainEnvironment(environment),
    cwd: projectRoot,
  })
  await service.until(/is ready on/)
  await service.until(/Redis does not count requests/)
  expect((await call(port, { path: '/livez' })).status).toBe(200)
  const before = performance.now()
  service.child.kill('SIGTERM')
  expect(await service.exited).toEqual({ code: 0, signal: null })
  expect(performance.now() - before).toBeLessThan(10_000)
  expect(service.output()).not.toContain('marked-secret')
})

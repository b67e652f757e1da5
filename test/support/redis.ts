import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Redis } from 'ioredis'
import { freePort, plainEnvironment, type Spawned, start } from './spawned.ts'
import { tool } from './tools.ts'

/** A real Redis on a port of its own that keeps nothing; it can be stopped and started again on the same port. */
export async function startRedis({ password }: { password?: string } = {}) {
  const directory = await mkdtemp(path.join(tmpdir(), 'silver-redis-'))
  const port = await freePort()
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', directory]
  if (password !== undefined) words.push('--requirepass', password)
  const url = `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}`
  let server: Spawned | undefined
  let client: Redis | undefined

  async function run(): Promise<void> {
    server = start(tool('redis-server') ?? 'redis-server', words, { env: plainEnvironment() })
    await server.until(/Ready to accept connections/)
    client = new Redis(url, { retryStrategy: () => null })
    client.on('error', () => undefined)
  }
  async function halt(): Promise<void> {
    client?.disconnect()
    server?.child.kill('SIGTERM')
    await server?.exited
  }
  await run()

  return {
    url,
    run,
    halt,
    /** Asks Redis itself, as an operator would. */
    ask: (...[command = '', ...more]: string[]): Promise<unknown> =>
      client?.call(command, ...more) ?? Promise.reject(new Error('Redis was halted')),
    async stop() {
      await halt()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export type TestRedis = Awaited<ReturnType<typeof startRedis>>

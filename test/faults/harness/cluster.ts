import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/db/embedded-postgres.ts'

const signals = { fast: 'SIGINT', immediate: 'SIGQUIT', kill: 'SIGKILL' } as const

/** A PostgreSQL of one's own that may be stopped, killed and started again; it writes to disk as in production. */
export async function startCluster(directory?: string) {
  const home = directory ?? (await mkdtemp(path.join(tmpdir(), 'silver-auth-faults-')))
  const lines: string[] = []
  const launch = () =>
    startEmbeddedPostgres({ directory: home, durable: true, log: (line) => lines.push(line) })
  let server: EmbeddedPostgres = await launch()

  return {
    lines,
    get urls() {
      const { appUrl, ownerUrl, superuserUrl } = server
      return { appUrl, ownerUrl, superuserUrl: new URL('/silver_auth', superuserUrl).href }
    },
    /** Ends it: `fast` ends sessions in order, `immediate` without, `kill` is what the kernel does when memory runs out. */
    async end(how: keyof typeof signals) {
      process.kill(server.pid, signals[how])
      while (isAlive(server.pid)) await wait(5)
    },
    async start() {
      server = await launch()
    },
    async remove() {
      await server.stop()
      await rm(home, { recursive: true, force: true })
    },
  }
}

export type Cluster = Awaited<ReturnType<typeof startCluster>>

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

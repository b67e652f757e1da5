import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { QueryResultRow } from 'pg'
import { afterAll, afterEach, beforeEach } from 'vitest'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/db/embedded-postgres.ts'
import { withClient } from '../../src/db/postgres-roles.ts'

type Started = Omit<EmbeddedPostgres, 'stop'>

const launcher = fileURLToPath(new URL('../../src/db/embedded-postgres.ts', import.meta.url))

export const onLinux = process.platform === 'linux'
export const nobody = { uid: 65_534, gid: 65_534 }
/** Whether this is root, and nobody may read the sources and run Node. */
export const canActAsNobody =
  onLinux &&
  process.getuid?.() === 0 &&
  spawnSync(process.execPath, ['--check', launcher], { ...nobody, cwd: '/' }).status === 0

/** Gives each test of the file a directory of its own, and ends what was started there. */
export function embeddedPostgresWorld() {
  const directories: string[] = []
  let directory = ''
  let cleanUps: (() => unknown)[] = []

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'silver-auth-embedded-'))
    directories.push(directory)
    cleanUps = []
  })
  afterEach(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp()
  })
  // Not after each test: ext4 makes new files slowly for seconds after thousands were deleted, and initdb thrice as long.
  afterAll(async () => {
    for (const used of directories) await rm(used, { recursive: true, force: true })
  })

  return {
    file: (...names: string[]) => path.join(directory, ...names),
    lockFile: () => path.join(directory, 'postgres', 'postmaster.pid'),
    afterwards: (cleanUp: () => unknown) => cleanUps.push(cleanUp),

    async start(options: { durable?: boolean; binaries?: string } = {}): Promise<EmbeddedPostgres> {
      const server = await startEmbeddedPostgres({ directory, durable: false, ...options })
      cleanUps.push(server.stop)
      return server
    },

    /** Starts the server from a process of its own, which lives until killed. */
    startInChild(ids: { uid?: number; gid?: number } = {}): {
      child: ChildProcess
      started: Promise<Started>
    } {
      const script = `
        const { startEmbeddedPostgres } = await import(process.argv[1])
        const started = startEmbeddedPostgres({ directory: process.argv[2] })
        console.log(JSON.stringify(await started.catch((error) => ({ error: error.message }))))`
      const words = ['--input-type=module', '--eval', script, launcher, directory]
      const child = spawn(process.execPath, words, { ...ids, cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] })
      cleanUps.push(() => child.kill('SIGKILL'))
      const started = once(child.stdout, 'data').then(([line]) => {
        const answer = JSON.parse(line)
        if (answer.error) throw new Error(answer.error)
        return answer as Started
      })
      return { child, started }
    },
  }
}

export async function rows(url: string, sql: string): Promise<QueryResultRow[]> {
  return withClient(url, async (client) => (await client.query(sql)).rows)
}

/** Waits, as long as the test may take, for something that no event tells. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10)
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { call } from '../test/support/http.ts'
import { freePort, plainEnvironment, projectRoot } from '../test/support/spawned.ts'
import type { Bench } from './bench.ts'
import { reportProfile } from './profile.ts'

export type Running = { port: number; pid: number; stop: () => Promise<void> }

const longestStartMs = 30_000
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Runs the built service with production settings on a database of tenants, everything on, its log in a file. */
export async function startService(
  bench: Bench,
  database: { appUrl: string; ownerUrl: string },
  more: Record<string, string> = {},
): Promise<Running> {
  const profile = path.join(bench.directory, `profile-${running.size}-${Date.now()}`)
  const words = bench.profiles ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []
  const service = await startProcess(bench, [...words, path.join(projectRoot, 'dist', 'main.js')], {
    ...productionSettings(bench, database),
    METRICS_PORT: String(await freePort()),
    ...more,
  })
  await until(async () => (await call(service.port, { path: '/healthz' })).status === 200)
  if (!bench.profiles) return service
  const stop = async () => {
    await service.stop()
    await reportProfile(profile)
  }
  bench.whenOver(stop)
  return { ...service, stop }
}

/** The limits count everything, but end nothing. */
export const productionSettings = (
  bench: Bench,
  { appUrl, ownerUrl }: { appUrl: string; ownerUrl: string },
) => ({
  PUBLIC_BASE_URL: 'https://accounts.bench.example',
  DATABASE_URL: appUrl,
  DATABASE_OWNER_URL: ownerUrl,
  SESSION_SECRET: bench.secrets.session,
  SEALING_KEY: bench.secrets.sealing,
  RATE_LIMIT_MAX: '10000000',
  RATE_LIMIT_ROUTES: '*=10000000',
})

/** Runs one of the servers in `references/`, with its options as JSON. */
export async function startReference(
  bench: Bench,
  file: string,
  options: Record<string, unknown> = {},
): Promise<Running> {
  const reference = await startProcess(bench, [path.join(import.meta.dirname, 'references', file)], {
    OPTIONS: JSON.stringify(options),
  })
  await until(() => accepts(reference.port))
  return reference
}

async function startProcess(
  bench: Bench,
  words: string[],
  settings: Record<string, string>,
): Promise<Running> {
  const port = await freePort()
  const log = path.join(bench.directory, `${port}.log`)
  const output = openSync(log, 'a')
  const child = spawn(process.execPath, words, {
    cwd: projectRoot,
    env: plainEnvironment({ NODE_ENV: 'production', PORT: String(port), ...settings }),
    stdio: ['ignore', output, output],
  })
  running.add(child)
  const isOver = once(child, 'exit').finally(() => running.delete(child))
  let stopping: Promise<unknown> | undefined
  async function stop(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    stopping ??= isOver
    await stopping
  }
  bench.whenOver(stop)
  return { port, pid: child.pid ?? 0, stop }
}

async function accepts(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1')
  await once(socket, 'connect').finally(() => socket.destroy())
  return true
}

async function until(fact: () => Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + longestStartMs
  while (!(await fact().catch(() => false))) {
    if (Date.now() > giveUpAt) throw new Error('a server did not start')
    await wait(20)
  }
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, readlink, realpath } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from './postgres-cluster.ts'
import { localUrl, withClient } from './postgres-roles.ts'

export type Server = { pid: number; port: number; adopted: boolean; stop(): Promise<void> }

type Lock = { pid: number; port: number }

const attempts = 10
const retryDelayMs = 100
const readyTimeoutMs = 120_000
const adoptTimeoutMs = 30_000
const stopTimeoutMs = 10_000
const pollMs = 20
const logTailLines = 20

/** Starts the cluster's server or adopts the running one; tries again when another program took the port meanwhile. */
export async function startServer(cluster: Cluster, choosePort = freePort): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    const lock = await readLock(cluster.data)
    const running = lock && (await adopt(cluster, lock))
    if (running) return running
    try {
      return await launch(cluster, await choosePort(), lock?.pid)
    } catch (error) {
      if (attempt === attempts || !passesByItself(error)) throw error
      await sleep(retryDelayMs)
    }
  }
}

/** The running server that wrote `lock`, or undefined when it is gone. */
async function adopt(cluster: Cluster, lock: Lock): Promise<Server | undefined> {
  const isRunning = () => isServerOf(cluster.data, lock.pid)
  const giveUpAt = Date.now() + adoptTimeoutMs
  while (await isRunning()) {
    if (await answers(cluster, lock)) {
      cluster.log(`adopted the PostgreSQL already running as process ${lock.pid}`)
      return { ...lock, adopted: true, stop: stopOnce(lock.pid, isRunning) }
    }
    if (Date.now() > giveUpAt) {
      throw new Error(
        `${cluster.data}/postmaster.pid says that process ${lock.pid} serves this PostgreSQL cluster, but it does not answer. ` +
          'If it is PostgreSQL, stop it; if it is not, delete that file. Then start again.',
      )
    }
    // It may be starting, recovering or stopping.
    await sleep(pollMs)
  }
  return undefined
}

async function launch(cluster: Cluster, port: number, stalePid = 0): Promise<Server> {
  const { account, binaries, data, durable } = cluster
  const [command = '', ...words] = [
    ...account.prefix,
    binaries.postgres,
    ...['-D', data, '-p', `${port}`],
    ...settings({ listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: '200' }),
    ...(durable ? [] : settings({ fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' })),
  ]
  const child = spawn(command, words, {
    ...account.spawnOptions,
    // The lock file's process may be a zombie, or a stranger that got the number. PostgreSQL would take it for a
    // living server and refuse to start, unless told that it is its own grandparent.
    env: account.spawnOptions.env && { ...account.spawnOptions.env, PG_GRANDPARENT_PID: `${stalePid}` },
    stdio: ['ignore', 'ignore', 'pipe'],
    // Ctrl-C in the terminal then reaches the service alone, which stops the server when it has finished its work.
    detached: true,
  })
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>()
  const tail: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => {
    cluster.log(line)
    tail.push(line)
    if (tail.length > logTailLines) tail.shift()
    if (line.includes('ready to accept connections')) resolve()
  })
  child.once('error', reject)
  child.once('close', (code, signal) => {
    cluster.log(`PostgreSQL ended (${signal ?? code})`)
    reject(didNotStart(data, tail))
  })
  const overdue = setTimeout(() => child.kill('SIGQUIT'), readyTimeoutMs)
  await ready.finally(() => clearTimeout(overdue))
  const pid = child.pid ?? 0
  const isRunning = async () => child.exitCode === null && child.signalCode === null
  return { pid, port, adopted: false, stop: stopOnce(pid, isRunning) }
}

const settings = (values: Record<string, string>) =>
  Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])

const didNotStart = (data: string, tail: string[]) =>
  new Error(
    `PostgreSQL did not start in ${data}. Its last words:\n${tail.join('\n')}\n` +
      'Put this right and start again, or set DATABASE_URL to a PostgreSQL of your own.',
  )

// A port taken meanwhile, another start of the same cluster, or the last processes of a killed server.
const passesByItself = (error: unknown) =>
  error instanceof Error &&
  /could not create any TCP\/IP sockets|lock file .* (already exists|is empty)|memory block .* still in use/.test(
    error.message,
  )

function stopOnce(pid: number, isRunning: () => Promise<boolean>): () => Promise<void> {
  let stopped: Promise<void> | undefined
  return () => {
    stopped ??= stop(pid, isRunning)
    return stopped
  }
}

async function stop(pid: number, isRunning: () => Promise<boolean>): Promise<void> {
  // INT ends all sessions and writes everything to disk; QUIT ends at once and leaves recovery to the next start.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (!(await isRunning())) return
    send(pid, signal)
    const giveUpAt = Date.now() + stopTimeoutMs
    while ((await isRunning()) && Date.now() < giveUpAt) await sleep(pollMs)
  }
  if (await isRunning()) throw new Error(`PostgreSQL, process ${pid}, does not stop.`)
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended just now, or is not ours to stop, which shows when it keeps running.
  }
}

/** What postmaster.pid says, or undefined when there is none that can be read. */
async function readLock(data: string): Promise<Lock | undefined> {
  return parseLock(await readFile(path.join(data, 'postmaster.pid'), 'utf8').catch(() => ''))
}

function parseLock(text: string): Lock | undefined {
  const [pid, , , port] = text.split('\n').map(Number)
  return pid && port ? { pid, port } : undefined
}

// A server works in its data directory, and a zombie nowhere. Without /proc any living process may be it.
async function isServerOf(data: string, pid: number): Promise<boolean> {
  if (process.platform === 'linux') {
    return (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === (await realpath(data))
  }
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function answers(cluster: Cluster, lock: Lock): Promise<boolean> {
  try {
    return await withClient(
      localUrl('postgres', cluster.superuserPassword, lock.port, 'postgres'),
      async (client) => {
        const { rows } = await client.query("select pg_read_file('postmaster.pid') as text")
        return parseLock(rows[0].text)?.pid === lock.pid
      },
    )
  } catch {
    return false
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

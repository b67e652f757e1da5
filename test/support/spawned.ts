import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

export const projectRoot = path.join(import.meta.dirname, '..', '..')

export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  return port
}

/** The parent's environment without what would leak this test run's settings into a new user's shell. */
export function plainEnvironment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|NODE_|npm_(lifecycle|package|command|config_local|execpath|node))/.test(name),
  )
  return { ...Object.fromEntries(kept), ...more }
}

export type Spawned = {
  child: ChildProcess
  output: () => string
  /** Resolves when the output matches; rejects when the process ends before. */
  until: (pattern: RegExp) => Promise<RegExpExecArray>
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** Starts a program in a process group of its own and reads what it says. */
export function start(command: string, words: string[], options: SpawnOptions): Spawned {
  const child = spawn(command, words, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let isOver = false
  const listeners = new Set<() => void>()
  const heard = (chunk: Buffer) => {
    output += chunk.toString()
    for (const listener of listeners) listener()
  }
  child.stdout?.on('data', heard)
  child.stderr?.on('data', heard)
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (code, signal) => {
      isOver = true
      for (const listener of listeners) listener()
      resolve({ code, signal })
    })
  })
  const until = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(output)
        if (!found && !isOver) return
        listeners.delete(look)
        if (found) resolve(found)
        else reject(new Error(`ended without ${pattern}:\n${output}`))
      }
      listeners.add(look)
      look()
    })
  return { child, output: () => output, until, exited }
}

/** Runs a program to its end. */
export async function run(command: string, words: string[], options: SpawnOptions) {
  const spawned = start(command, words, options)
  const { code } = await spawned.exited
  return { code, output: spawned.output() }
}

/** Processes that carry `marker` in their environment and are not zombies. */
export function processesWith(marker: string): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(marker)
      } catch {
        return false
      }
    })
    .map((pid) => `${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')}`)
}

/** Waits for a fact of the operating system that nothing announces; bounded. */
export async function eventually(fact: () => boolean, what: string): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (fact()) return
    await wait(50)
  }
  throw new Error(`never came true: ${what}`)
}

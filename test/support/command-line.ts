import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { build } from '../../scripts/build.ts'
import type { Environment } from '../../src/config.ts'
import { packageRoot } from '../../src/lib/package-root.ts'

export type Ended = { code: number | null; stdout: string; stderr: string }

const main = path.join(packageRoot, 'dist', 'main.js')
const PATH = process.env.PATH

let built: Promise<unknown> | undefined

/** The command line as operators run it, built once per test file, with this environment and no other. */
export async function silverAuth(words: string[], environment: Environment = {}): Promise<Ended> {
  const { child, output } = await startSilverAuth(words, environment)
  const [code] = await once(child, 'close')
  return { code, ...output() }
}

/** The same, left running; `output` is what it has said so far. */
export async function startSilverAuth(
  words: string[],
  environment: Environment = {},
  nodeWords: string[] = [],
): Promise<{ child: ChildProcess; output: () => { stdout: string; stderr: string } }> {
  built ??= build()
  await built
  const child = spawn(process.execPath, [...nodeWords, main, ...words], {
    env: { PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    said.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    said.stderr += chunk
  })
  return { child, output: () => ({ ...said }) }
}

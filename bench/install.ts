import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const lock = path.join(import.meta.dirname, 'package-lock.json')
const installed = path.join(import.meta.dirname, 'node_modules', '.lock-sha256')

/** Installs what only the bench needs, when it is missing or the lock file has changed. */
export function installReferences(): void {
  const wanted = createHash('sha256').update(readFileSync(lock)).digest('hex')
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return
  const words = ['ci', '--prefix', import.meta.dirname, '--ignore-scripts', '--no-audit', '--no-fund']
  execFileSync('npm', words, { stdio: ['ignore', 2, 2] })
  writeFileSync(installed, wanted)
}

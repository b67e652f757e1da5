import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

// The bundle lies in dist/, the sources one or two folders deeper: both find the root by its package.json.
function rootAbove(directory: string): string {
  return existsSync(path.join(directory, 'package.json')) ? directory : rootAbove(path.dirname(directory))
}

export const packageRoot = rootAbove(import.meta.dirname)

export const version: string = JSON.parse(
  readFileSync(path.join(packageRoot, 'package.json'), 'utf8'),
).version

import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const logging = path.join(import.meta.dirname, '..', '..', 'src', 'http', 'logging.ts')

/** Runs a script with a logger on standard output and returns the lines it wrote. */
function linesOf(script: string): string[] {
  const text = `import { makeLogger, standardOutput } from '${logging}'
    const log = makeLogger('info', standardOutput())
    ${script}`
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', text], {
    encoding: 'utf8',
  })
  expect(status).toBe(0)
  return stdout.trim().split('\n')
}

it('writes every line in its order, and those of the last moment before an exit', () => {
  const lines = linesOf(`for (let count = 0; count < 5_000; count++) log.info({ count }, 'counted')
    process.exit(0)`)
  expect(lines.map((line) => JSON.parse(line).count)).toEqual(Array.from({ length: 5_000 }, (_, at) => at))
})

it('writes a line that stays alone, without an exit to push it', () => {
  const lines = linesOf(`log.info('alone')
    process.on('exit', () => process.stdout.write('exit'))
    setTimeout(() => process.stdout.write('later\\n'), 500)`)
  expect(lines.map((line) => (line.startsWith('{') ? JSON.parse(line).msg : line))).toEqual([
    'alone',
    'later',
    'exit',
  ])
})

it('goes on serving, and ends, where the log has no space left', () => {
  const text = `import { makeLogger, standardOutput } from '${logging}'
    const log = makeLogger('info', standardOutput())
    log.info('lost')
    setTimeout(() => log.info('lost too'), 100)
    setTimeout(() => process.exit(7), 300)`
  const full = openSync('/dev/full', 'w')
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', text], {
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
    timeout: 10_000,
  })
  closeSync(full)
  expect({ status, stderr }).toEqual({ status: 7, stderr: '' })
})

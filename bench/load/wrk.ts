import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { type Generator, requestFile } from './load.ts'

const run = promisify(execFile)
const script = path.join(import.meta.dirname, 'requests.lua')

export const findWrk = () =>
  run('wrk', ['--version']).then(
    () => true,
    // It says its version with exit code 1.
    ({ code }) => typeof code === 'number',
  )

/** One thread of wrk, a generator in C that sends a prepared list of requests. */
export const wrkGenerator: Generator = {
  name: 'wrk',
  async run({ port, requests, connections, seconds, once }, directory) {
    const { stdout, stderr } = await run('wrk', [
      ...['--threads', '1', '--connections', `${connections}`, '--duration', `${seconds}s`],
      ...['--timeout', '10s', '--latency', '--script', script, `http://127.0.0.1:${port}`],
      ...['--', await requestFile(requests, directory), once ? 'once' : 'again'],
    ])
    const summary = /^\{.*\}$/m.exec(stdout)?.[0]
    if (summary === undefined) throw new Error(`wrk said nothing of its load: ${stderr}${stdout}`)
    return JSON.parse(summary)
  },
}

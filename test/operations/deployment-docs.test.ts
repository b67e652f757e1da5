import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { codeBlocks } from '../support/code-blocks.ts'
import { silverAuth } from '../support/command-line.ts'
import { compose } from '../support/compose.ts'
import { plainEnvironment, run } from '../support/spawned.ts'
import { tool } from '../support/tools.ts'

const dockerCompose = tool('docker-compose') ?? ''
const psql = tool('psql') ?? ''

const [firstStart = ''] = await codeBlocks('README.md', { below: '## Run it in production' })
const more = await codeBlocks('docs/deployment.md')
const commands = [firstStart, ...more]
  .flatMap((block) => block.replaceAll(/^cat >>? \.env <<EOF\n[\s\S]*?^EOF\n/gm, '').split('\n'))
  .filter((line) => line !== '')

describe.runIf(dockerCompose && psql)('the commands of README.md and docs/deployment.md', () => {
  let directory: string
  let services: Awaited<ReturnType<typeof compose>>['services']

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'silver-deploy-'))
    const [making = ''] = firstStart.split('docker-compose')
    const [growing = ''] =
      more.find((block) => block.startsWith('cat >> .env'))?.split('docker-compose') ?? []
    for (const block of [making, growing])
      expect(await run('sh', ['-ec', block], { cwd: directory })).toEqual({ code: 0, output: '' })
    services = (await compose(await readFile(path.join(directory, '.env'), 'utf8'))).services
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  it('make a private .env with which the service starts in production', async () => {
    expect((await stat(path.join(directory, '.env'))).mode & 0o777).toBe(0o600)
    const given: Record<string, string> = { NODE_ENV: 'production' }
    for (const [name, value] of Object.entries(services['silver-auth-api']?.environment ?? {}))
      if (value !== null) given[name] = value
    expect(parseConfig(given).publicBaseUrl).toBe('https://accounts.example.com')
  })

  it('make two replicas that Caddy knows', () => {
    expect(Object.keys(services)).toHaveLength(5)
    const upstreams = services.caddy?.environment?.SILVER_AUTH_UPSTREAMS?.split(' ')
    expect(upstreams).toEqual(['silver-auth-api:4080', 'silver-auth-api-2:4080'])
  })

  it('are found', () => expect(commands.length).toBeGreaterThan(8))

  it.each([...new Set(commands)])('%s', async (line) => {
    const [program = '', ...words] = line.split(' > ')[0]?.split(' ') ?? []
    if (program === 'docker-compose') await judge(words)
    else expect(['git pull', 'chmod 600 .env']).toContain(line)
  })

  /** The verb, its options and its service exist, and so does what is run inside. */
  async function judge([verb = '', ...words]: string[]) {
    const help = await run(dockerCompose, [verb, '--help'], { env: plainEnvironment() })
    expect(help.code).toBe(0)
    const named = words.findIndex((word) => !word.startsWith('-'))
    for (const option of named < 0 ? words : words.slice(0, named))
      expect(help.output).toContain(option.split('=')[0])
    if (named < 0) return
    expect(Object.keys(services)).toContain(words[named])
    const [program, ...rest] = words.slice(named + 1)
    if (program === 'node') {
      const [main, command = '', verb = ''] = rest
      expect(main).toBe('dist/main.js')
      const { code, stdout } = await silverAuth([command, '--help'])
      expect([code, stdout]).toEqual([0, expect.stringContaining(verb)])
    } else if (program === 'pg_dump') {
      const known = await run(path.join(path.dirname(psql), 'pg_dump'), ['--help'], {})
      expect(known.output).toContain(rest[0]?.split('=')[0])
    } else expect([undefined, 'cat']).toContain(program)
  }
})

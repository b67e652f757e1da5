import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { silverAuth } from '../support/command-line.ts'
import { projectRoot } from '../support/spawned.ts'

const list = `silver-auth <command> [--json] [--help]

  serve                                            run the service (the default command)
  migrate up | status                              apply migrations (up) or list them (status)
  admin grant | grant-platform | disable | enable  to whom? grant <email> <org> <role>; grant-platform, disable or enable <email>
  audit verify | anchor | prune                    check the audit log, sign where it ends, let old rows go
  keys rotate-signing | rotate-sealing             a new key for access tokens; everything sealed anew under the newest of SEALING_KEY
  smoke                                            check SEQN_AUTH_BASE_URL and both keys of a project
  listen --forward <url>                           bring events to a receiver on this machine, for development
`

describe.each([{}, { NODE_ENV: 'production' }])(
  'with no settings and %o',
  { timeout: 30_000 },
  (environment) => {
    it('lists the commands', async () => {
      for (const words of [['--help'], ['-h'], ['--help', '--json']]) {
        expect(await silverAuth(words, environment)).toEqual({ code: 0, stdout: list, stderr: '' })
      }
    })

    it.each(['migrate', 'admin', 'audit', 'keys', 'smoke'])('explains %s', async (command) => {
      const { code, stdout, stderr } = await silverAuth([command, '--help'], environment)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toMatch(new RegExp(`^silver-auth ${command}.*\\n {2}\\S.*\\n(\\n( {2}--\\S.*\\n)+)?$`))
    })

    it('explains serve and its flags', async () => {
      const { code, stdout } = await silverAuth(['--worker-only', 'serve', '--help'], environment)
      expect(code).toBe(0)
      expect(stdout).toMatch(
        /^silver-auth serve\n {2}run .*\n\n {2}--no-worker {2,}\S.*\n {2}--worker-only {2,}\S.*\n$/,
      )
    })

    it('refuses to serve nothing', async () => {
      const { code, stderr } = await silverAuth(['serve', '--no-worker', '--worker-only'], { PORT: '0' })
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: 'silver-auth: --no-worker and --worker-only exclude each other\n',
      })
    })

    it.each(['constructor', 'toString', '__proto__', 'sevre'])('knows no command %s', async (command) => {
      expect(await silverAuth([command], environment)).toEqual({
        code: 2,
        stdout: '',
        stderr: `silver-auth: there is no command ${command}\n\n${list}\n`,
      })
    })

    it('knows no option --colour', async () => {
      const { code, stdout, stderr } = await silverAuth(['migrate', 'up', '--colour'], environment)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(/^silver-auth: Unknown option '--colour'[^\n]*\n$/)
    })
  },
)

it('has every command, verb and flag in the README', { timeout: 30_000 }, async () => {
  const readme = await readFile(path.join(projectRoot, 'README.md'), 'utf8')
  const table = readme.match(/^\| `np[mx] .*$/gm)?.join('\n')
  const usages = list
    .split('\n')
    .slice(2)
    .map((line) => line.slice(0, 51))
  const { stdout: flags } = await silverAuth(['serve', '--help'])
  const words = [...(usages.join().match(/[a-z-]+/g) ?? []), ...(flags.match(/--[a-z-]+/g) ?? [])]
  expect(words.length).toBeGreaterThan(14)
  expect(words.filter((word) => !table?.includes(word))).toEqual([])
})

it.each(['serve', 'migrate up', 'audit verify', 'keys rotate-signing'])(
  'does not let production run %s on settings that are missing or weak',
  { timeout: 30_000 },
  async (words) => {
    const environment = { NODE_ENV: 'production', SESSION_SECRET: 'change-me', PORT: '0' }
    expect(await silverAuth(words.split(' '), environment)).toEqual({
      code: 1,
      stdout: '',
      stderr: `silver-auth: The service cannot start with these settings:
  - PUBLIC_BASE_URL is missing
  - DATABASE_URL is missing
  - SESSION_SECRET must have at least 32 characters
  - SEALING_KEY is missing: 32 random bytes in base64
`,
    })
  },
)

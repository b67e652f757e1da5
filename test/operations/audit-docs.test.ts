import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build } from '../../scripts/build.ts'
import { codeBlocks } from '../support/code-blocks.ts'
import { testEnvironment } from '../support/settings.ts'
import { plainEnvironment, projectRoot, run } from '../support/spawned.ts'
import { tamper } from '../support/tampering.ts'
import { startWorld } from '../support/world.ts'

const [signUp = ''] = await codeBlocks('README.md', { below: '## Use' })
const commands = await codeBlocks('docs/audit.md')
const world = startWorld({ environment: { RATE_LIMIT_ROUTES: '*=1000000' } })
world.expectsBrokenChains = true

let directory: string

beforeAll(async () => {
  await build()
  directory = await mkdtemp(path.join(tmpdir(), 'silver-audit-'))
  // Any status that is no success ends a command, and with it the test.
  await writeFile(path.join(directory, '.curlrc'), 'fail-with-body\nsilent\nshow-error\n')
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const here = (text: string) =>
  text
    .replaceAll('http://127.0.0.1:4080', `http://127.0.0.1:${world.port}`)
    .replaceAll('npx silver-auth', `${process.execPath} ${path.join(projectRoot, 'dist/main.js')}`)

/** The one block that holds `part`, after the settings of those before it. */
function block(part: string): string {
  const at = commands.findIndex((text) => text.includes(part))
  expect(at, part).toBeGreaterThanOrEqual(0)
  const settings = commands.slice(0, at).flatMap((text) => text.match(/^[A-Z]+=\S+$/gm) ?? [])
  return here([...settings, commands[at]].join('\n'))
}

async function shell(script: string, expected = 0): Promise<string> {
  const settings = { ...testEnvironment, DATABASE_URL: world.database.appUrl, CURL_HOME: directory }
  const { code, output } = await run('sh', ['-ec', script], {
    cwd: directory,
    env: plainEnvironment(settings),
  })
  expect(code, `${script}\n${output}`).toBe(expected)
  return output
}

describe('the commands of docs/audit.md', () => {
  it('read the log', async () => {
    await shell(here(signUp))
    const { data } = JSON.parse(await shell(block('action=project.*')))
    expect(data.length).toBeGreaterThan(0)
    for (const { action } of data) expect(action).toMatch(/^project\./)
  })

  it('export it', async () => {
    await shell(block('/export?'))
    const [file = '', ...more] = (await readdir(directory)).filter((name) => name.startsWith('audit-log-'))
    expect(more).toEqual([])
    expect(file).toMatch(/^audit-log-ada-[\d-]{10}\.csv$/)
    const [, first = ''] = (await readFile(path.join(directory, file), 'utf8')).split('\r\n')
    expect(first).toContain(',audit.exported,')
  })

  it('check the chain', async () => {
    expect(JSON.parse(await shell(block('/audit-logs/verify')))).toMatchObject({ valid: true, flaws: [] })
    expect(await shell(here('npx silver-auth audit verify'))).toContain('every chain is whole.')
  })

  it('anchor it, and prune it', async () => {
    await shell(block('audit anchor'))
    expect(await shell(block('audit verify --anchor'))).toContain('Compared with the anchor of')
    expect(await shell(block('--output next.json'))).toContain('next.json says where 2 streams end.')
    expect(await shell(block('audit prune'))).toMatch(/^0 rows older than 365 days went\./)
  })

  it('find what the chain alone does not', async () => {
    await tamper(
      world.database.superuserUrl,
      `delete from audit_logs where (stream_id, sequence) in (select streams.id, audit_sequence from streams);
       update streams set audit_sequence = audit_sequence - 1, head_hash = coalesce((
         select hash from audit_logs where stream_id = streams.id and sequence = streams.audit_sequence - 1), '')`,
    )
    expect(await shell(here('npx silver-auth audit verify'))).toContain('every chain is whole.')
    expect(await shell(block('audit verify --anchor'), 1)).toContain('rows at the end are missing')
  })
})

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { blockedBy } from '../../src/features/subscriptions/states.ts'
import { metrics } from '../../src/features/usage/metrics.ts'
import { codeBlocks } from '../support/code-blocks.ts'
import { documentedRoutes } from '../support/routes.ts'
import { plainEnvironment, projectRoot, run } from '../support/spawned.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const page = 'docs/pricing.md'
let lines: string[]

beforeAll(async () => {
  lines = (await readFile(path.join(projectRoot, page), 'utf8')).split('\n')
})

/** The rows of the table that begins with this column, without their code marks. */
function table(first: string): string[][] {
  const begin = lines.findIndex((line) => line.startsWith(`| ${first} `))
  const rows = lines.slice(begin + 2)
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    )
}

describe('its tables are', () => {
  it('the plans of the database', async () => {
    const rows = await world.sql('select * from plans order by position')
    expect(table('Plan')).toEqual(
      rows.map((row) =>
        [
          row.name,
          row.key,
          row.project_limit,
          row.user_limit,
          row.webhook_endpoint_limit,
          row.monthly_session_limit,
        ].map(String),
      ),
    )
    const listed = (await world.anonymous.get('/v1/plans')).body.data.map(({ key }: { key: string }) => key)
    expect(rows.map(({ key }) => key).filter((key) => !listed.includes(key))).toEqual(['starter'])
  })

  it('the states of the code', () => expect(table('State')).toEqual(Object.entries(blockedBy)))

  it('the routes that may answer 402 subscription_inactive', async () => {
    const { paths } = (await world.anonymous.get('/openapi.json')).body
    const asking = (await documentedRoutes(world)).filter(({ path, method }) =>
      JSON.stringify(paths[path][method.toLowerCase()].responses['402'] ?? '').includes(
        'subscription_inactive',
      ),
    )
    expect(
      table('Route')
        .map(([name]) => name)
        .sort(),
    ).toEqual(asking.map(({ name }) => name).sort())
  })

  it('the metrics of the code', () => {
    const rows = Object.entries(metrics).map(([name, { limit }]) => [name, limit ?? 'no limit'])
    expect(table('Metric')).toEqual(rows)
  })
})

it('has commands that work', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'silver-pricing-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  await writeFile(path.join(directory, '.curlrc'), 'fail-with-body\nsilent\nshow-error\n')
  const [signUp = ''] = await codeBlocks('README.md', { below: '## Use' })
  const [subscription = '', usage = '', report = '', change = ''] = await codeBlocks(page)
  let secretKey = ''
  async function shell(script: string): Promise<string> {
    const filled = `URL=http://127.0.0.1:4080\n${script}`
      .replaceAll('http://127.0.0.1:4080', `http://127.0.0.1:${world.port}`)
      .replaceAll('sk_live_…', secretKey)
    const where = { cwd: directory, env: plainEnvironment({ CURL_HOME: directory }) }
    const { code, output } = await run('sh', ['-ec', filled], where)
    expect(code, `${script}\n${output}`).toBe(0)
    return output
  }

  secretKey = /"secretKey":"([^"]+)"/.exec(await shell(signUp))?.[1] ?? ''
  expect(JSON.parse(await shell(subscription))).toMatchObject({ planKey: 'free', usage: { projects: 1 } })
  for (let i = 0; i < 2; i++)
    expect(JSON.parse(await shell(report))).toMatchObject({ metric: 'api_requests', quantity: 3 })
  expect(await shell(usage)).toContain('"api_requests"')
  await world.sql(`insert into platform_admins select id from users where email = 'ada@example.com'`)
  await world.sql('update sessions set aal = 2, mfa_verified_at = now()')
  const changed = JSON.parse(await shell(change))
  expect(changed).toMatchObject({ planKey: 'pro', limits: { projects: 40, users: 10_000 } })
  expect(JSON.parse(await shell(subscription))).toMatchObject({ overrides: [{ owner: 'Sales' }] })
})

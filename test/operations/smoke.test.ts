import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { build } from '../../scripts/build.ts'
import { freePort, plainEnvironment, projectRoot, run, start } from '../support/spawned.ts'
import { type Organization, type Project, startWorld } from '../support/world.ts'

// The bucket of a route is per key, so only the project that asks too often meets this limit.
const world = startWorld({
  environment: { RATE_LIMIT_ROUTES: '*=1000000,/v1/client/config=2,/v1/backend/application=2' },
})
const sdk = path.join(projectRoot, 'packages', 'seqn-auth-js')
let home: string
let organization: Organization

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'silver-smoke-'))
  await build()
  // `npm run smoke` builds the package first.
  expect((await run('npm', ['run', '--silent', 'smoke'], within(sdk, {}))).code).toBe(1)
  organization = await world.organization({ plan: 'pro' })
})
afterAll(() => rm(home, { recursive: true, force: true }))

const within = (cwd: string, settings: Record<string, string>) => ({
  cwd,
  env: plainEnvironment({ DATA_DIR: home, ...settings }),
})

/** Both ways to ask: the package's script, which was built by now, and the service's own command. */
const commands = {
  'the package’s command': (settings: Record<string, string>) =>
    run(process.execPath, ['dist/run-smoke.js'], within(sdk, settings)),
  'silver-auth smoke': (settings: Record<string, string>) =>
    run(process.execPath, ['dist/main.js', 'smoke'], within(projectRoot, settings)),
}

const settingsOf = ({ publishableKey, secretKey }: Project, more: Record<string, string> = {}) => ({
  SEQN_AUTH_BASE_URL: `http://127.0.0.1:${world.port}`,
  SEQN_AUTH_PUBLISHABLE_KEY: publishableKey,
  SEQN_AUTH_SECRET_KEY: secretKey,
  ...more,
})

it('passes against a fresh start with the keys that it printed', async () => {
  const directory = await mkdtemp(path.join(home, 'fresh-'))
  const port = String(await freePort())
  const service = start(
    process.execPath,
    ['dist/main.js'],
    within(projectRoot, { DATA_DIR: directory, PORT: port }),
  )
  onTestFinished(async () => {
    service.child.kill('SIGTERM')
    await service.exited
  })
  const [, baseUrl = ''] = await service.until(/is ready on (\S+)/)
  const [, publishableKey = ''] = await service.until(/Publishable key\s+(\S+)/)
  const [, secretKey = ''] = await service.until(/Secret key\s+(\S+)/)
  const settings = settingsOf({ publishableKey, secretKey } as Project, { SEQN_AUTH_BASE_URL: baseUrl })
  const passed = [
    `ok    base URL: ${baseUrl}`,
    expect.stringMatching(/^ok {4}publishable key: \S+\/demo-app \(app_\w+\) is active$/),
    expect.stringMatching(/^ok {4}secret key: \S+\/demo-app \(app_\w+\) is active$/),
    expect.stringMatching(/^ok {4}one project: both keys belong to app_\w+$/),
  ]
  const asked = [
    run('npm', ['run', '--silent', 'smoke'], within(sdk, settings)),
    commands['silver-auth smoke'](settings),
  ]
  for (const { code, output } of await Promise.all(asked)) {
    expect(output.trim().split('\n')).toEqual(passed)
    expect(code).toBe(0)
    expect(output).not.toContain(secretKey)
  }
})

describe.each(Object.entries(commands))('%s names the failing check and its code', (_, smoke) => {
  /** Check and code of each line that failed. */
  async function failures(settings: Record<string, string>) {
    const { code, output } = await smoke(settings)
    expect(code).toBe(1)
    if (settings.SEQN_AUTH_SECRET_KEY) expect(output).not.toContain(settings.SEQN_AUTH_SECRET_KEY)
    return [...output.matchAll(/^FAIL {2}([\w ]+: \w+):/gm)].map(([, found]) => found)
  }

  const project = () => world.project(organization)
  const at = (own: Project) => `/v1/orgs/${organization.id}/projects/${own.slug}`

  it.each([
    'nonsense',
    'http://auth.example.com',
    'http://192.0.2.7:4080',
    'https://user:word@auth.example.com',
  ])('for the base URL %s', async (baseUrl) => {
    expect(await failures(settingsOf(await project(), { SEQN_AUTH_BASE_URL: baseUrl }))).toEqual([
      'base URL: invalid_base_url',
    ])
  })

  it('for a base URL that is not quite that of the service', async () => {
    const baseUrl = `http://127.0.0.1:${world.port}/auth`
    expect(await failures(settingsOf(await project(), { SEQN_AUTH_BASE_URL: baseUrl }))).toEqual([
      'publishable key: not_found',
      'secret key: not_found',
    ])
  })

  it('for a service that is down', async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}`
    expect(await failures(settingsOf(await project(), { SEQN_AUTH_BASE_URL: baseUrl }))).toEqual([
      'publishable key: seqn_auth_network_error',
      'secret key: seqn_auth_network_error',
    ])
  })

  it('for keys that nobody has any more', async () => {
    const gone = await project()
    expect((await organization.owner.delete(at(gone))).status).toBe(204)
    expect(await failures(settingsOf(gone))).toEqual([
      'publishable key: application_not_found',
      'secret key: invalid_secret_key',
    ])
  })

  it('for keys of two projects, and for none', async () => {
    const { secretKey } = await project()
    expect(await failures(settingsOf(await project(), { SEQN_AUTH_SECRET_KEY: secretKey }))).toEqual([
      'one project: different_projects',
    ])
    const nobody = { SEQN_AUTH_PUBLISHABLE_KEY: '', SEQN_AUTH_SECRET_KEY: '' }
    expect(await failures({ ...settingsOf(await project()), ...nobody })).toEqual([
      'publishable key: invalid_publishable_key',
      'secret key: invalid_secret_key',
    ])
  })

  it('for a disabled project', async () => {
    const disabled = await project()
    expect((await organization.owner.patch(at(disabled), { status: 'disabled' })).status).toBe(200)
    expect(await failures(settingsOf(disabled))).toEqual([
      'publishable key: application_disabled',
      'secret key: application_disabled',
    ])
  })

  it('for a rate limit, with the seconds to wait', async () => {
    const busy = await project()
    for (let count = 0; count < 2; count++) {
      await world.withPublishableKey(busy.publishableKey).get('/v1/client/config')
      await world.withBearer(busy.secretKey).get('/v1/backend/application')
    }
    const settings = settingsOf(busy)
    expect(await failures(settings)).toEqual(['publishable key: rate_limited', 'secret key: rate_limited'])
    expect((await smoke(settings)).output).toMatch(/HTTP 429, request \S+, retry after \d+ s/)
  })
})

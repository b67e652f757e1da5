import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { smoke, smokeLine } from '../src/smoke.ts'
import { listening, nobody } from './support/listening.ts'
import { application, organization, publishableKey, secretKey, startStandIn } from './support/stand-in.ts'

const run = promisify(execFile)
const home = path.join(import.meta.dirname, '..')
// Into a folder of its own, and without a word in what `npm run build` remembers of its last run.
const compile = ['tsc', '-p', 'tsconfig.json', '--incremental', 'false', '--tsBuildInfoFile', 'null']
const config = 'GET /v1/client/config'
const backend = 'GET /v1/backend/application'

const failures = async (options: object) =>
  (await smoke({ publishableKey, secretKey, timeoutMs: 500, ...options })).checks
    .filter(({ ok }) => !ok)
    .map(({ name, code }) => `${name}: ${code}`)

it('passes against a service that knows both keys, and changes nothing', async () => {
  const { url: baseUrl, calls } = await startStandIn()
  const seen: string[] = []
  const report = await smoke({ baseUrl, publishableKey, secretKey }, ({ name }) => seen.push(name))
  expect(report.ok).toBe(true)
  expect(report.checks.map(({ name }) => name)).toEqual(seen)
  expect(seen).toEqual(['base URL', 'publishable key', 'secret key', 'one project'])
  expect(calls.map(({ route }) => route)).toEqual([config, backend])
})

describe('names the failing check and the code', () => {
  it.each(['http://auth.example.com', 'nonsense'])('of the base URL %s, and asks nobody', async (baseUrl) => {
    expect(await failures({ baseUrl })).toEqual(['base URL: invalid_base_url'])
  })

  it('of a base URL where something else answers', async () => {
    const html = await listening((_req, res) => res.writeHead(404).end('<h1>Not found</h1>'))
    const both = ['publishable key: seqn_auth_http_error', 'secret key: seqn_auth_http_error']
    expect(await failures({ baseUrl: html })).toEqual(both)
    const json = await listening((_req, res) => res.end('{"hello":"world"}'))
    expect(await failures({ baseUrl: json })).toEqual([
      'publishable key: unexpected_answer',
      'secret key: not_ok',
    ])
  })

  it('of unknown, missing and swapped keys', async () => {
    const { url: baseUrl } = await startStandIn()
    const known = { baseUrl, publishableKey, secretKey }
    expect(await failures({ ...known, publishableKey: 'pk_live_other' })).toEqual([
      'publishable key: application_not_found',
    ])
    expect(await failures({ ...known, secretKey: 'sk_live_other' })).toEqual([
      'secret key: invalid_secret_key',
    ])
    expect(await failures({ baseUrl, publishableKey: '', secretKey: '' })).toEqual([
      'publishable key: invalid_publishable_key',
      'secret key: invalid_secret_key',
    ])
    expect(await failures({ baseUrl, publishableKey: secretKey, secretKey: publishableKey })).toEqual([
      'publishable key: invalid_publishable_key',
      'secret key: invalid_secret_key',
    ])
  })

  it('of a disabled project', async () => {
    const service = await startStandIn()
    service.refuseNext(config, 409, 'application_disabled')
    service.refuseNext(backend, 409, 'application_disabled')
    expect(await failures({ baseUrl: service.url })).toEqual([
      'publishable key: application_disabled',
      'secret key: application_disabled',
    ])
    service.next(config, { body: { application: { ...application, status: 'disabled' }, organization } })
    expect(await failures({ baseUrl: service.url })).toEqual(['publishable key: not_active'])
  })

  it('of keys of two projects', async () => {
    const service = await startStandIn()
    service.next(backend, { body: { ok: true, application: { ...application, id: 'app_2' }, organization } })
    expect(await failures({ baseUrl: service.url })).toEqual(['one project: different_projects'])
  })

  it('of a service that is down', async () => {
    expect(await failures({ baseUrl: await nobody() })).toEqual([
      'publishable key: seqn_auth_network_error',
      'secret key: seqn_auth_network_error',
    ])
  })

  it('of a rate limit, with the time to wait', async () => {
    const service = await startStandIn()
    const body = { error: { code: 'rate_limited', message: 'Slow down.', requestId: 'req_9' } }
    service.next(config, { status: 429, headers: { 'retry-after': '12' }, body })
    const { checks } = await smoke({ baseUrl: service.url, publishableKey, secretKey })
    expect(checks.filter(({ ok }) => !ok).map(smokeLine)).toEqual([
      'FAIL  publishable key: rate_limited: Slow down. ' +
        '(seqn_auth_http_error, HTTP 429, request req_9, retry after 12 s)',
    ])
  })
})

describe('the built command', () => {
  let built = ''
  beforeAll(async () => {
    built = await mkdtemp(path.join(tmpdir(), 'seqn-auth-js-'))
    await run('npx', [...compile, '--outDir', built], { cwd: home })
    await writeFile(path.join(built, 'package.json'), '{"type":"module"}')
  }, 60_000)
  afterAll(() => rm(built, { recursive: true }))

  const command = (env: Record<string, string>) =>
    run(process.execPath, [path.join(built, 'run-smoke.js')], { env }).then(
      ({ stdout }) => ({ exit: 0, stdout }),
      (error: { code: number; stdout: string }) => ({ exit: error.code, stdout: error.stdout }),
    )
  const keys = { SEQN_AUTH_PUBLISHABLE_KEY: publishableKey, SEQN_AUTH_SECRET_KEY: secretKey }

  it('prints a line per check and exits 0', async () => {
    const { url } = await startStandIn()
    const { exit, stdout } = await command({ ...keys, SEQN_AUTH_BASE_URL: url })
    expect(stdout.trim().split('\n')).toEqual(Array(4).fill(expect.stringMatching(/^ok {4}/)))
    expect(stdout).not.toContain(secretKey)
    expect(exit).toBe(0)
  })

  it('exits 1 with the code', async () => {
    const { exit, stdout } = await command({ ...keys, SEQN_AUTH_BASE_URL: 'http://auth.example.com' })
    expect(stdout).toMatch(/^FAIL {2}base URL: invalid_base_url: [^\n]+\n$/)
    expect(exit).toBe(1)
  })

  it('has declarations that a strict consumer can read', async () => {
    const consumer = path.join(built, 'consumer.ts')
    await writeFile(
      consumer,
      `import { createSeqnAuthClient, type Me } from './index.js'
import { createSeqnAuthExpressHelpers } from './express.js'
import { verifyWebhook } from './webhooks.js'
export const me: Promise<Me | null> = createSeqnAuthClient({ publishableKey: undefined }).getMe()
export const { callback } = createSeqnAuthExpressHelpers()
export const type: Promise<string> = verifyWebhook('', {}, '').then((event) => event.type)
`,
    )
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--types', '']
    await run('npx', ['tsc', ...flags, '--ignoreConfig', consumer], { cwd: home }).catch((error) =>
      expect(error.stdout).toBe(''),
    )
  }, 60_000)
})

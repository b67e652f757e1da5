import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { callerOn } from '../support/caller.ts'
import { codeBlocks } from '../support/code-blocks.ts'
import { followDocument } from '../support/document.ts'
import { call, cookieOf } from '../support/http.ts'
import { startService, type TestService } from '../support/service.ts'
import { testEnvironment } from '../support/settings.ts'
import { startWorld } from '../support/world.ts'

const file = 'docs/key-rotation.md'
const world = startWorld({ environment: { RATE_LIMIT_ROUTES: '*=1000000' } })
const document = followDocument(file, world)
const { meant, shell, chapter } = document
const [signUp = ''] = await codeBlocks('README.md', { below: '## Use' })

let oldKey = ''
let services: TestService[] = []
afterEach(async () => {
  for (const service of services) await service.stop()
  services = []
})

beforeAll(async () => {
  oldKey = /sk_live_[0-9a-z]{48}/.exec(await shell(signUp))?.[0] ?? ''
})

const keyWorks = async (key: string) =>
  (await callerOn(world.port, { authorization: `Bearer ${key}` }).get('/v1/backend/application')).status ===
  200
const ada = () => world.signIn('ada@example.com', 'a long password of mine')
const settingsFile = () => path.join(document.directory, '.env')

/** What is in the file of settings. */
async function settings(): Promise<Record<string, string>> {
  const lines = (await readFile(settingsFile(), 'utf8')).trim().split('\n')
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)))
}

/** The service as it is after a restart. */
async function restarted(): Promise<TestService> {
  const service = await startService(world.database, { environment: await settings() })
  services.push(service)
  return service
}

const keep = (...names: string[]) =>
  writeFile(settingsFile(), names.map((name) => `${name}=${testEnvironment[name]}\n`).join(''))

it('rotates the secret key of a project with an overlap, then ends the old one', async () => {
  const [rotate = '', list = '', revoke = '', ...more] = await chapter('Secret keys of a project')
  expect(more).toEqual([])
  const { secretKey, retires } = JSON.parse(await shell(rotate))
  expect(retires).toEqual([{ prefix: oldKey.slice(0, 16), expiresAt: expect.any(String) }])
  expect([await keyWorks(oldKey), await keyWorks(secretKey)]).toEqual([true, true])
  const { secretKeys } = JSON.parse(await shell(list))
  meant['key_…'] = secretKeys.find(({ prefix }: { prefix: string }) => oldKey.startsWith(prefix)).id
  await shell(revoke)
  expect([await keyWorks(oldKey), await keyWorks(secretKey)]).toEqual([false, true])
})

it('rotates the secret of a webhook with an overlap', async () => {
  const made = await (await ada()).post('/v1/orgs/ada/webhook-endpoints', {
    url: 'http://127.0.0.1:9999/hook',
    eventTypes: ['*'],
  })
  meant['whe_…'] = made.body.endpoint.id
  const [rotate = '', ...more] = await chapter('Secrets of webhooks')
  expect(more).toEqual([])
  const { secret } = JSON.parse(await shell(rotate))
  expect(secret).toMatch(/^whsec_/)
  expect(secret).not.toBe(made.body.secret)
  const [row] = await world.sql(
    `select previous_secret_expires_at > now() + interval '23 hours' as overlaps from webhook_endpoints where id = $1`,
    [made.body.endpoint.id],
  )
  expect(row).toEqual({ overlaps: true })
})

it('makes a new key for access tokens beside the old one', async () => {
  const kids = (text: string) => JSON.parse(text).keys.map(({ kid }: { kid: string }) => kid) as string[]
  const [rotate = '', show = '', ...more] = await chapter('The key of access tokens')
  expect(more).toEqual([])
  const before = kids(await shell(show))
  const token = (await ada()).accessToken
  await shell(rotate)
  await keep('SEALING_KEY')
  const { port } = await restarted()
  const after = kids(await shell(show.replaceAll('http://127.0.0.1:4080', `http://127.0.0.1:${port}`)))
  expect(after).toEqual(expect.arrayContaining(before))
  expect(after).toHaveLength(before.length + 1)
  const answer = await callerOn(port, { authorization: `Bearer ${token}` }).get('/v1/me')
  expect(answer.status, 'a token from before').toBe(200)
})

it('replaces SEALING_KEY, and nothing needs the old one any more', async () => {
  await keep('SEALING_KEY')
  const [add = '', reseal = '', drop = '', ...more] = await chapter('SEALING_KEY')
  expect(more).toEqual([])
  await shell(add)
  const both = (await settings()).SEALING_KEY?.split(',') ?? []
  expect(both).toEqual([expect.stringMatching(/^[\w+/]{43}=$/), testEnvironment.SEALING_KEY])
  await restarted()
  expect(await shell(reseal, 0, await settings())).toContain('sealed anew')
  await shell(drop)
  expect(await settings()).toEqual({ SEALING_KEY: both[0] })
  expect(await shell(reseal, 0, await settings()), 'all opens under the new one').toContain(
    'Everything is sealed under the newest key',
  )
  const { port } = await restarted()
  const body = { email: 'ada@example.com', password: 'a long password of mine' }
  expect((await callerOn(port).post('/v1/auth/login', body)).status).toBe(200)
  expect(await shell(reseal, 1, { SEALING_KEY: testEnvironment.SEALING_KEY ?? '' })).toContain(
    'NOT EVERYTHING',
  )
})

it('replaces SESSION_SECRET while people go on', async () => {
  const { SESSION_SECRET } = testEnvironment
  await writeFile(
    settingsFile(),
    `SESSION_SECRET=${SESSION_SECRET}\nSEALING_KEY=${(await settings()).SEALING_KEY}\n`,
  )
  const [add = '', drop = '', ...more] = await chapter('SESSION_SECRET')
  expect(more).toEqual([])
  const { cookie } = await ada()
  const withCookie = ({ port }: TestService, method: string, route: string, value: string) =>
    call(port, { method, path: route, headers: { cookie: `seqn_session=${value}` } })
  await shell(add)
  const between = await restarted()
  expect((await withCookie(between, 'GET', '/v1/me', cookie)).status).toBe(200)
  const refreshed = cookieOf(await withCookie(between, 'POST', '/v1/auth/refresh', cookie)) ?? ''
  await shell(drop)
  const after = await restarted()
  expect((await withCookie(after, 'GET', '/v1/me', refreshed)).status).toBe(200)
  expect((await withCookie(after, 'GET', '/v1/me', cookie)).status).toBe(401)
})

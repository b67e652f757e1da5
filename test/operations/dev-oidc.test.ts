import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { build } from '../../scripts/build.ts'
import { call, cookieOf } from '../support/http.ts'
import { signInAt } from '../support/identity-provider/identity-provider.ts'
import {
  freePort,
  plainEnvironment,
  processesWith,
  projectRoot,
  type Spawned,
  start,
} from '../support/spawned.ts'

let directory: string
let port: number
let marker: string
let spawned: Spawned

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'dev-oidc-'))
  port = await freePort()
  marker = `DATA_DIR=${directory}`
  await build()
  const environment = { DATA_DIR: directory, PORT: String(port), OIDC_PORT: String(await freePort()) }
  spawned = start(process.execPath, ['scripts/dev-oidc.ts'], {
    cwd: projectRoot,
    env: plainEnvironment(environment),
  })
})
afterAll(async () => {
  spawned.child.kill('SIGKILL')
  await rm(directory, { recursive: true, force: true })
})

async function signIn(issuer: string, login: string) {
  const begun = await call(port, { path: '/auth/login' })
  const back = new URL(await signInAt({ issuer }, begun.headers.location ?? '', login))
  const cookie = `seqn_oidc=${cookieOf(begun, 'seqn_oidc')}`
  const answer = await call(port, { path: back.pathname + back.search, headers: { cookie } })
  expect([answer.status, answer.headers.location]).toEqual([303, '/auth/console'])
  const session = `seqn_session=${cookieOf(answer)}`
  return (await call(port, { path: '/v1/me', headers: { cookie: session } })).body
}

it('starts service and provider together, two people sign in, and one signal stops both', async () => {
  const [, issuer = ''] = await spawned.until(/Stand-in identity provider: (\S+)/)
  await spawned.until(/is ready on/)
  expect(spawned.output()).toContain(`http://127.0.0.1:${port}/auth/login`)
  const ada = await signIn(issuer, 'ada@example.com')
  expect([ada.user.name, ada.platformAdmin, ada.organizations]).toEqual(['Ada Lovelace', true, []])
  const grace = await signIn(issuer, 'grace@example.com')
  expect([grace.user.name, grace.platformAdmin]).toEqual(['Grace Hopper', false])
  expect(grace.organizations).toHaveLength(1)

  spawned.child.kill('SIGINT')
  expect(await spawned.exited).toEqual({ code: 0, signal: null })
  expect(processesWith(marker)).toEqual([])
})

import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { browserless } from '../../support/browserless.ts'
import { cookieOf } from '../../support/http.ts'
import {
  type IdentityProvider,
  signInAt,
  startIdentityProvider,
} from '../../support/identity-provider/identity-provider.ts'
import { expectErrorPage, pathOf } from '../../support/oidc-world.ts'
import type { ServiceOptions } from '../../support/service.ts'
import { freePort } from '../../support/spawned.ts'
import { startWorld } from '../../support/world.ts'

const options: ServiceOptions = {}
const clientSecret = 'known-across-restarts'
let port: number
let provider: IdentityProvider | undefined

beforeAll(async () => {
  port = await freePort()
  options.environment = {
    OIDC_ISSUER: `http://127.0.0.1:${port}/application/o/silver-auth/`,
    OIDC_CLIENT_ID: 'silver-auth',
    OIDC_CLIENT_SECRET: clientSecret,
  }
})
const world = startWorld(options)
afterAll(() => provider?.stop())

async function startProvider(): Promise<IdentityProvider> {
  provider = await startIdentityProvider({
    port,
    clientSecret,
    redirectUris: ['http://accounts.silver.test/auth/callback'],
    postLogoutRedirectUris: [],
    people: [{ sub: 'ada', email: 'ada@example.com' }],
  })
  return provider
}
const unavailable = [502, 'identity_provider_unavailable'] as const

// One story, told in order: the provider comes after the service, goes while people are there, and comes back.
it('is a page while the provider is down, at the start, on the way and afterwards; sessions go on', async () => {
  const browser = browserless(world)
  const begin = async () => (await browser.open('/auth/login')).headers.location ?? ''
  expectErrorPage(await browser.open('/auth/login'), ...unavailable)
  expect((await world.anonymous.get('/healthz')).status).toBe(200)

  const first = await startProvider()
  const signedIn = await browser.open(pathOf(await signInAt(first, await begin(), 'ada')))
  const { get } = world.withCookie(cookieOf(signedIn) ?? '')
  expect((await get('/v1/me')).status).toBe(200)

  const path = pathOf(await signInAt(first, await begin(), 'ada'))
  await first.stop()
  expectErrorPage(await browser.open(path), ...unavailable)
  expect((await get('/v1/me')).status).toBe(200)
  expect((await browser.post('/auth/logout', {})).status).toBe(303)
  expect((await get('/v1/me')).status).toBe(401)

  const second = await startProvider()
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    // Its keys are new; they are asked for at most once a minute.
    vi.setSystemTime(Date.now() + 61_000)
    const again = await browser.open(pathOf(await signInAt(second, await begin(), 'ada')))
    expect(again.status).toBe(303)
  } finally {
    vi.useRealTimers()
  }
  expect(world.ctx.metrics.signIns.samples()).toEqual([
    { suffix: '', labels: { method: 'oidc', outcome: 'ok' }, value: 2 },
    { suffix: '', labels: { method: 'oidc', outcome: 'failed' }, value: 1 },
  ])
})

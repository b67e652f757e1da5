import { describe, expect, it, vi } from 'vitest'
import { createSeqnAuthExpressHelpers } from '../src/express.ts'
import { createBrowser, startApp } from './support/express-app.ts'
import { publishableKey, secretKey, startStandIn } from './support/stand-in.ts'
import { thrownBy } from './support/thrown.ts'

const refresh = 'POST /v1/client/sessions/refresh'
const verify = 'POST /v1/backend/sessions/verify'

async function signedIn({ expiresIn = 900, kind = 'Express', options = {} } = {}) {
  const service = await startStandIn()
  const app = await startApp(kind, service, options)
  const browser = app.browser()
  service.setExpiresIn(expiresIn)
  await browser.get(service.signIn((await browser.get('/auth/sign-in')).location))
  service.setExpiresIn(900)
  return { service, app, browser }
}

describe.each(['Express', 'plain http'])('requireSession on %s', (kind) => {
  it('judges by the signature alone', async () => {
    const { service, browser } = await signedIn({ kind })
    const before = service.calls.length
    for (let i = 0; i < 20; i++) expect((await browser.get('/me')).status).toBe(200)
    expect(service.calls.slice(before).map(({ route }) => route)).toEqual([
      'GET /.well-known/jwks.json',
      'GET /v1/client/config',
      'GET /v1/client/config',
    ])
  })

  it('refreshes once for fifty requests, and for one that comes late with the old cookie', async () => {
    const { service, app, browser } = await signedIn({ kind, expiresIn: -10 })
    const old = [...browser.jar]
    const answers = await Promise.all(Array.from({ length: 50 }, () => browser.get('/me')))
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
    expect(new Set(answers.flatMap(({ setCookies }) => setCookies)).size).toBe(1)
    const late = createBrowser(app.url)
    for (const [name, value] of old) late.jar.set(name, value)
    expect((await late.get('/me')).status).toBe(200)
    expect(late.jar).toEqual(browser.jar)
    expect(service.callsOf(refresh)).toHaveLength(1)
    expect((await browser.get('/me')).setCookies).toEqual([])
  })

  it('refreshes an access token that is still good and soon due; a service that is down does not matter', async () => {
    const { service, browser } = await signedIn({ kind, expiresIn: 1 })
    service.next(refresh, { status: 429 })
    await new Promise((resolve) => setTimeout(resolve, 900))
    expect(await browser.get('/me')).toMatchObject({ status: 200, setCookies: [] })
    expect((await browser.get('/me')).setCookies).toHaveLength(1)
    expect(service.callsOf(refresh)).toHaveLength(2)
  })

  it('lets nobody in, and signs nobody out, while an expired token cannot be replaced', async () => {
    const { service, browser } = await signedIn({ kind, expiresIn: -10 })
    service.refuseNext(refresh, 429, 'rate_limited')
    expect((await browser.get('/me')).status).toBe(429)
    expect((await browser.get('/me')).status).toBe(200)
  })

  it('sees in strict mode at once that a session has ended', async () => {
    const { service, browser } = await signedIn({ kind })
    expect((await browser.get('/strict')).text).toContain('"role":"owner"')
    service.live.clear()
    expect((await browser.get('/me')).status).toBe(200)
    expect((await browser.get('/strict', { accept: '*/*' })).status).toBe(401)
    expect(browser.jar.size).toBe(0)
  })

  it('lets nobody in when strict mode gets no answer', async () => {
    const { service, browser } = await signedIn({ kind })
    service.next(verify, { status: 503 })
    expect((await browser.get('/strict')).status).toBe(503)
    service.next(verify, { body: {} })
    expect((await browser.get('/strict')).status).not.toBe(200)
  })

  it('does not sign in again and again when a fresh session is refused', async () => {
    const { service, browser } = await signedIn({ kind })
    service.live.clear()
    expect((await browser.get('/strict')).status).toBe(401)
    expect((await browser.get('/strict')).status).toBe(302)
  })

  it('goes to sign in when the session has ended', async () => {
    const { service, browser } = await signedIn({ kind, expiresIn: -10 })
    service.live.clear()
    const { status, setCookies } = await browser.get('/me', { accept: '*/*' })
    expect(status).toBe(401)
    expect(setCookies).toEqual([expect.stringContaining('seqn_auth=; Path=/; Max-Age=0')])
  })
})

describe('an old cookie', () => {
  /** A browser whose first tokens were replaced, and another that has a copy of the first cookie. */
  async function replaced({ nextExpiresIn = 900 } = {}) {
    const { service, app, browser } = await signedIn({ expiresIn: -10 })
    const copy = [...browser.jar]
    const thief = app.browser()
    service.setExpiresIn(nextExpiresIn)
    expect((await browser.get('/me')).status).toBe(200)
    service.setExpiresIn(900)
    const refreshed = () => service.callsOf(refresh).map(({ body }) => body.sessionToken)
    async function tryOldCookie() {
      for (const [name, value] of copy) thief.jar.set(name, value)
      const { status, setCookies } = await thief.get('/me', { accept: '*/*' })
      return { status, isGone: setCookies.length === 1 && thief.jar.size === 0 }
    }
    return { service, browser, thief, copy, refreshed, tryOldCookie }
  }

  const turnedAway = { status: 401, isGone: true }

  it('gets the new tokens for a minute, then reaches the service', async () => {
    const { tryOldCookie, refreshed } = await replaced()
    const start = performance.now()
    const clock = vi.spyOn(performance, 'now').mockReturnValue(start + 50_000)
    expect(await tryOldCookie()).toMatchObject({ status: 200 })
    expect(refreshed()).toHaveLength(1)
    clock.mockReturnValue(start + 60_001)
    expect(await tryOldCookie()).toEqual(turnedAway)
    expect(refreshed()).toEqual([refreshed()[0], refreshed()[0]])
    clock.mockRestore()
  })

  it('revives nothing after a sign-out', async () => {
    const { service, browser, tryOldCookie, refreshed } = await replaced()
    await browser.get('/auth/sign-out')
    expect(service.live.size).toBe(0)
    expect(await tryOldCookie()).toEqual(turnedAway)
    expect(refreshed()).toEqual([refreshed()[0], refreshed()[0]])
  })

  it('that signs out ends the session of the tokens that replaced it', async () => {
    const { service, thief, copy, tryOldCookie } = await replaced()
    for (const [name, value] of copy) thief.jar.set(name, value)
    await thief.get('/auth/sign-out')
    expect(service.live.size).toBe(0)
    expect(await tryOldCookie()).toEqual(turnedAway)
  })

  it('revives nothing after a sign-out while the service was down', async () => {
    const { service, browser, tryOldCookie, refreshed } = await replaced()
    service.next('POST /v1/client/sessions/revoke', 'hang up')
    await browser.get('/auth/sign-out')
    expect(await tryOldCookie()).toEqual(turnedAway)
    expect(refreshed()).toHaveLength(2)
  })

  it('revives nothing after a sign-out that overtakes its refresh', async () => {
    const gate = Promise.withResolvers<void>()
    const slowFetch: typeof fetch = async (...call) => {
      const response = await fetch(...call)
      if (String(call[0]).endsWith('/refresh')) await gate.promise
      return response
    }
    const { service, app, browser } = await signedIn({ expiresIn: -10, options: { fetch: slowFetch } })
    const copy = [...browser.jar]
    const thief = app.browser()
    const page = browser.get('/me')
    await vi.waitFor(() => expect(service.callsOf(refresh)).toHaveLength(1))
    const signOut = browser.get('/auth/sign-out')
    setTimeout(gate.resolve, 100)
    await Promise.all([page, signOut])
    expect(service.live.size).toBe(0)
    for (const [name, value] of copy) thief.jar.set(name, value)
    expect((await thief.get('/me', { accept: '*/*' })).status).toBe(401)
  })

  it('revives nothing once the service has called the session inactive', async () => {
    const { service, browser, tryOldCookie, refreshed } = await replaced()
    service.live.clear()
    expect((await browser.get('/strict', { accept: '*/*' })).status).toBe(401)
    expect(await tryOldCookie()).toEqual(turnedAway)
    expect(refreshed()).toEqual([refreshed()[0], refreshed()[0]])
  })

  it('revives nothing once the service has refused a refresh', async () => {
    // Good by the tolerance of clocks, and due.
    const { service, browser, tryOldCookie, refreshed } = await replaced({ nextExpiresIn: -2 })
    service.live.clear()
    expect((await browser.get('/me', { accept: '*/*' })).status).toBe(401)
    expect(await tryOldCookie()).toEqual(turnedAway)
    const [first, second] = refreshed()
    expect(refreshed()).toEqual([first, second, first])
  })
})

it('believes nothing that a cookie says of itself', async () => {
  const { service, app, browser } = await signedIn()
  const value = (content: unknown) => Buffer.from(JSON.stringify(content)).toString('base64url')
  const stranger = await service.accessToken({ audience: 'app_other' })
  const cookies = [
    'nonsense',
    value(null),
    value(7),
    value({ sessionToken: 'a' }),
    value({ sessionToken: 'a', accessToken: 'b', userId: 'usr_eve' }),
    value({ sessionToken: 'unknown', accessToken: stranger }),
    value({ sessionToken: ['a'], accessToken: { split: 1 } }),
  ]
  for (const cookie of cookies) {
    const visitor = app.browser()
    visitor.jar.set('seqn_auth', cookie)
    expect((await visitor.get('/me', { accept: '*/*' })).status).toBe(401)
  }
  const good = browser.jar.get('seqn_auth')
  expect((await browser.get('/me')).status).toBe(200)
  browser.jar.set('seqn_auth', `${good}; seqn_auth=${good}`)
  expect((await browser.get('/me', { accept: '*/*' })).status).toBe(401)
})

it('shows the public config without asking each time, and goes on with it while the service is down', async () => {
  const service = await startStandIn()
  const app = await startApp('Express', service)
  const texts = await Promise.all(Array.from({ length: 20 }, () => app.browser().get('/')))
  expect(service.callsOf('GET /v1/client/config')).toHaveLength(1)
  expect(JSON.parse(texts[0]?.text ?? '').publicConfig.application.name).toBe('Shop')
  expect(texts[0]?.text).not.toContain('sk_live')
  const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 61_000)
  service.next('GET /v1/client/config', { status: 503 })
  expect((await app.browser().get('/')).status).toBe(200)
  expect(service.callsOf('GET /v1/client/config')).toHaveLength(2)
  clock.mockRestore()
})

it('checks its options at once, and the secret key when asked', async () => {
  const service = await startStandIn()
  const baseUrl = service.url
  const codeOf = async (options: object) => (await thrownBy(() => createSeqnAuthExpressHelpers(options))).code
  expect(await codeOf({ baseUrl: 'http://auth.example.com' })).toBe('invalid_base_url')
  expect(await codeOf({ baseUrl, publishableKey: secretKey })).toBe('invalid_publishable_key')
  expect(await codeOf({ baseUrl, secretKey: publishableKey })).toBe('invalid_secret_key')
  const { verifyBackendKeyHealth } = createSeqnAuthExpressHelpers({ baseUrl, secretKey })
  expect(await verifyBackendKeyHealth()).toMatchObject({ ok: true })
  service.refuseNext('GET /v1/backend/application', 401, 'invalid_secret_key')
  expect(await thrownBy(verifyBackendKeyHealth)).toMatchObject({ status: 401, apiCode: 'invalid_secret_key' })
})

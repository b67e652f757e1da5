import { describe, expect, it } from 'vitest'
import { startApp } from './support/express-app.ts'
import { startStandIn } from './support/stand-in.ts'

const exchange = 'POST /v1/backend/sessions/exchange'

describe.each(['Express', 'plain http'])('sign-in on %s', (kind) => {
  async function start(options = {}) {
    const service = await startStandIn()
    const app = await startApp(kind, service, options)
    return { service, app, browser: app.browser() }
  }

  it('goes to the hosted page, comes back with a cookie, and on to where it was going', async () => {
    const { service, app, browser } = await start()
    const leaving = await browser.get('/auth/sign-in?return_to=/me?tab=1')
    expect(leaving.status).toBe(302)
    const query = Object.fromEntries(new URL(leaving.location).searchParams)
    expect(query).toMatchObject({ redirect_url: `${app.url}/auth/callback` })
    const back = await browser.get(service.signIn(leaving.location))
    expect(back).toMatchObject({ status: 302, location: `${app.url}/me?tab=1` })
    expect([...browser.jar.keys()]).toEqual(['seqn_auth'])
    const { text } = await browser.get('/me')
    expect(JSON.parse(text)).toMatchObject({
      session: { userId: 'usr_ada', email: 'ada@example.com', organizationId: 'org_ada' },
      publicConfig: { application: { name: 'Shop' } },
    })
    for (const { sessionToken } of service.callsOf(exchange).map(({ body }) => body))
      expect(text).not.toContain(sessionToken)
    expect(text).not.toMatch(/sk_live|eyJ/)
  })

  it('starts by itself where a page needs a session, and comes back to that page', async () => {
    const { service, app, browser } = await start()
    const leaving = await browser.get('/me?a=b')
    expect(leaving.location).toContain(`${service.url}/sign-in?`)
    expect((await browser.get(service.signIn(leaving.location))).location).toBe(`${app.url}/me?a=b`)
    const api = await app.browser().get('/me', { accept: 'application/json' })
    expect(api).toMatchObject({ status: 401, setCookies: [] })
    expect(JSON.parse(api.text).error.code).toBe('authentication_required')
  })

  it('keeps cookies from scripts and other sites; Secure everywhere but on http localhost', async () => {
    const { service, browser } = await start()
    const { setCookies, location } = await browser.get('/auth/sign-up')
    const attributes = /^seqn_auth_sign_in_[\w-]{16}=[\w-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/
    expect(setCookies).toEqual([expect.stringMatching(attributes)])
    expect(location).toContain('/sign-up?')
    const back = await browser.get(service.signIn(location))
    const session = /^seqn_auth=[\w-]+; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/
    expect(back.setCookies.at(-1)).toMatch(session)

    const safe = await start({ appUrl: 'https://app.example.com' })
    const leaving = await safe.browser.get('/auth/sign-in')
    expect(leaving.location).toContain(encodeURIComponent('https://app.example.com/auth/callback'))
    expect(leaving.setCookies[0]).toMatch(/^__Host-seqn_auth_sign_in_.*; Secure$/)
    const { search } = new URL(safe.service.signIn(leaving.location))
    const arrived = await safe.browser.get(`/auth/callback${search}`)
    expect(arrived.setCookies.at(-1)).toMatch(/^__Host-seqn_auth=.*; Secure$/)
    expect((await safe.browser.get('/me')).status).toBe(200)
  })

  it.each(['another state', 'half its state', 'no state', 'another browser', 'no code', 'a used one'])(
    'refuses a callback with %s',
    async (what) => {
      const { service, app, browser } = await start()
      const url = new URL(service.signIn((await browser.get('/auth/sign-in')).location))
      if (what === 'another state') url.searchParams.set('state', 'x'.repeat(43))
      if (what === 'half its state')
        url.searchParams.set('state', (url.searchParams.get('state') ?? '').slice(0, 20))
      if (what === 'no state') url.searchParams.delete('state')
      if (what === 'no code') url.searchParams.delete('code')
      if (what === 'a used one') await browser.get(url.href)
      const visitor = what === 'another browser' ? app.browser() : browser
      const { status, text, setCookies } = await visitor.get(url.href)
      expect(status).toBe(400)
      expect(text).toBe(what === 'no code' ? 'sign_in_refused' : 'invalid_state')
      expect(setCookies.filter((line) => line.startsWith('seqn_auth='))).toEqual([])
      expect(service.callsOf(exchange)).toHaveLength(what === 'a used one' ? 1 : 0)
    },
  )

  it('makes one session of a callback that is opened fifteen times at once', async () => {
    const { service, browser } = await start()
    const url = service.signIn((await browser.get('/auth/sign-in')).location)
    const answers = await Promise.all(Array.from({ length: 15 }, () => browser.get(url)))
    expect(answers.map(({ status }) => status)).toEqual(Array(15).fill(302))
    expect(service.callsOf(exchange)).toHaveLength(1)
  })

  it('finishes two tabs in either order, and gives up the oldest of many', async () => {
    const { service, browser } = await start()
    const urls: string[] = []
    for (let i = 0; i < 12; i++) urls.push(service.signIn((await browser.get('/auth/sign-in')).location))
    expect(browser.jar.size).toBe(5)
    for (const url of urls.slice(-2).reverse()) expect((await browser.get(url)).status).toBe(302)
    expect((await browser.get(urls[0] ?? '')).status).toBe(400)
  })

  it.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/a\\..\\..',
    'evil',
    '',
    'javascript:alert(1)',
    '/%0d%0aSet-Cookie:a=b\r\n',
    '/é',
  ])('never returns to %j', async (returnTo) => {
    const { service, app, browser } = await start()
    const path = `/auth/sign-in?return_to=${encodeURIComponent(returnTo)}`
    const back = await browser.get(service.signIn((await browser.get(path)).location))
    expect(back.location).toBe(`${app.url}/`)
  })

  it('signs out here, at the service, and leads to the hosted page', async () => {
    const { service, app, browser } = await start()
    await browser.get(service.signIn((await browser.get('/auth/sign-in')).location))
    const elsewhere = await browser.get('/auth/sign-out', { 'sec-fetch-site': 'cross-site' })
    expect(elsewhere.status).toBe(302)
    expect((await browser.get('/me')).status).toBe(200)
    const { location } = await browser.get('/auth/sign-out')
    expect(location).toContain(`${service.url}/sign-out?publishable_key=pk_live_`)
    expect(new URL(location).searchParams.get('redirect_url')).toBe(`${app.url}/`)
    expect(service.live.size).toBe(0)
    expect(browser.jar.size).toBe(0)
    expect((await browser.get('/me')).status).toBe(302)
  })

  it('signs out here also when the service is down', async () => {
    const { service, browser } = await start()
    await browser.get(service.signIn((await browser.get('/auth/sign-in')).location))
    service.next('POST /v1/client/sessions/revoke', 'hang up')
    expect((await browser.get('/auth/sign-out')).status).toBe(302)
    expect(browser.jar.size).toBe(0)
  })
})

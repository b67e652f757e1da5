import { describe, expect, it } from 'vitest'
import { browserless } from '../../support/browserless.ts'
import { startOidcWorld } from '../../support/oidc-world.ts'
import { expectRefusal } from '../../support/shapes.ts'
import { startWorld } from '../../support/world.ts'

const passwordRoutes = [
  ['/v1/auth/register', { email: 'a@example.com', password: 'a long password', organization_name: 'A' }],
  ['/v1/auth/login', { email: 'a@example.com', password: 'a long password' }],
  ['/v1/auth/reauthenticate', { password: 'a long password' }],
  ['/v1/users/me/password', { current_password: 'a long password', new_password: 'another password' }],
] as const

const wanted = '?redirect_url=%2Fauth%2Fconsole%2Fx'

describe('with oidc alone', () => {
  const oidc = startOidcWorld({ environment: { AUTH_METHODS: 'oidc' } })
  const { world } = oidc

  it('is what the service says of itself', async () => {
    const { body } = await world.anonymous.get('/v1/config')
    const { issuer, clientId } = oidc.provider
    expect([body.auth.methods, body.oidc]).toEqual([['oidc'], { issuer, clientId }])
    expect(JSON.stringify(body)).not.toContain(oidc.provider.clientSecret)
  })

  it.each(passwordRoutes)('POST %s is not there', async (path, body) => {
    oidc.person({ sub: 'ada' })
    const { post } = await oidc.signedIn('ada')
    expectRefusal(await world.anonymous.post(path, body), 'not_found')
    expectRefusal(await post(path, body), 'not_found')
  })

  it.each(['/sign-in', '/sign-up'])('%s hands over at once, and takes no form', async (path) => {
    const browser = oidc.newBrowser()
    const answer = await browser.open(path + wanted)
    expect([answer.status, answer.headers.location]).toEqual([303, `/auth/login${wanted}`])
    const hostile = await browser.open(`${path}?redirect_url=https://evil.example`)
    expect(hostile.headers.location).toBe('/auth/login')
    expect((await browser.post(path, {})).status).toBe(405)
  })

  it('shows who is signed in', async () => {
    oidc.person({ sub: 'grace' })
    const { browser } = await oidc.signedIn('grace')
    expect((await browser.open('/sign-in')).text).toContain('grace@example.com')
  })
})

describe('with both', () => {
  const oidc = startOidcWorld()
  const { world } = oidc

  it('is what the service and each project say', async () => {
    const { issuer, clientId } = oidc.provider
    const config = (await world.anonymous.get('/v1/config')).body
    expect([config.auth.methods, config.oidc]).toEqual([['oidc', 'password'], { issuer, clientId }])
    const project = await world.project(await world.organization())
    const client = await world.withPublishableKey(project.publishableKey).get('/v1/client/config')
    expect(client.body.oidc).toEqual({ issuer, clientId })
  })

  it('/sign-in shows both ways', async () => {
    const { text } = await oidc.newBrowser().open(`/sign-in${wanted}`)
    expect(text).toContain(`href="/auth/login${wanted}"`)
    expect(text).toContain('Continue with single sign-on')
    expect(text).toContain('name="password"')
  })

  it('counts what comes to /auth/login and /auth/callback', async () => {
    const { limits } = await import('../../../src/http/rate-limits/limits.ts')
    expect([limits.oidcLogin.max, limits.oidcCallback.max]).toEqual([30, 30])
  })
})

describe('with password alone', () => {
  const world = startWorld()

  it('there is nothing of a provider', async () => {
    const { body } = await world.anonymous.get('/v1/config')
    expect([body.auth.methods, body.oidc]).toEqual([['password'], null])
    const browser = browserless(world)
    for (const [path, location] of [
      ['/auth/login', '/sign-in'],
      [`/auth/login${wanted}`, `/sign-in${wanted}`],
      ['/auth/login?redirect_url=https://evil.example&step_up=1', '/sign-in'],
    ] as const) {
      const answer = await browser.open(path)
      expect([answer.status, answer.headers.location]).toEqual([302, location])
    }
    expect((await browser.open('/sign-in')).text).not.toContain('single sign-on')
    expect((await browser.open('/auth/callback?code=x&state=y')).status).toBe(404)
    expectRefusal(await world.anonymous.post('/auth/backchannel-logout', {}), 'not_found')
  })
})

describe('the limit', () => {
  const oidc = startOidcWorld({
    environment: { RATE_LIMIT_ROUTES: '/auth/login=2,/auth/callback=2,*=1000000' },
  })

  it.each(['/auth/login', '/auth/callback'])('of %s answers with a page', async (path) => {
    const browser = oidc.newBrowser()
    for (let n = 0; n < 2; n++) expect((await browser.open(path)).status).not.toBe(429)
    const answer = await browser.open(path)
    expect(answer.status).toBe(429)
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1)
    expect(answer.text).toContain('Too many attempts')
  })
})

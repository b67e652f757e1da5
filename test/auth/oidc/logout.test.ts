import { describe, expect, it } from 'vitest'
import { hiddenFields } from '../../support/browserless.ts'
import { type CookieJar, signInAt, signOutAt } from '../../support/identity-provider/identity-provider.ts'
import { pathOf, startOidcWorld } from '../../support/oidc-world.ts'

const oidc = startOidcWorld()
const { world } = oidc

describe('signing out', () => {
  it('ends the session here first, then at the provider, and comes back', async () => {
    oidc.person({ sub: 'leaver' })
    const jar: CookieJar = []
    const { browser, get } = await oidc.signedIn('leaver', { jar })
    const answer = await browser.post('/auth/logout', { scope: 'browser' })
    expect(answer.status).toBe(303)
    expect((await get('/v1/me')).status).toBe(401)
    expect(browser.cookies.has('seqn_session')).toBe(false)
    const url = new URL(answer.headers.location ?? '')
    expect(`${url.origin}${url.pathname}`).toBe(`${oidc.provider.issuer}end-session/`)
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: oidc.provider.clientId,
      post_logout_redirect_uri: 'http://accounts.silver.test/sign-out',
      id_token_hint: expect.stringMatching(/^eyJ/),
    })
    const back = await signOutAt(oidc.provider, url.href, jar)
    expect(pathOf(back)).toBe('/sign-out')
    expect((await browser.open(pathOf(back))).text).toContain('You are signed out')

    // At the provider, too: it asks again.
    const begun = await browser.open('/auth/login')
    await expect(
      signInAt(oidc.provider, begun.headers.location ?? '', 'nobody of that name', jar),
    ).rejects.toThrow()
  })

  it('keeps on the way through the provider where the person wanted to go', async () => {
    oidc.person({ sub: 'switcher' })
    const jar: CookieJar = []
    const { browser } = await oidc.signedIn('switcher', { jar })
    const wanted = '/auth/console/x'
    const page = await browser.open(`/sign-out?redirect_url=${encodeURIComponent(wanted)}`)
    const answer = await browser.post('/auth/logout', hiddenFields(page.text, '/auth/logout'))
    const { location = '' } = answer.headers
    // An address can be that of an invitation: neither the provider nor its log learns it, nor whoever finds the way back there.
    expect(decodeURIComponent(location)).not.toContain(wanted)
    const back = pathOf(await signOutAt(oidc.provider, location, jar))
    const leads = 'href="/sign-in?redirect_url=%2Fauth%2Fconsole%2Fx"'
    expect((await browser.open(back)).text).toContain(leads)
    expect((await oidc.newBrowser().open(back)).text).not.toContain(leads)
    for (const state of ['https://evil.example', wanted, `${back.split('state=')[1]}x`, 'a&state=b']) {
      const hostile = await browser.open(`/sign-out?state=${state}`)
      expect(hostile.status).toBe(200)
      expect(hostile.text).not.toMatch(/evil\.example|redirect_url/)
    }
  })

  it('everywhere ends all sessions and goes the same way', async () => {
    oidc.person({ sub: 'everywhere' })
    const [other, here] = [await oidc.signedIn('everywhere'), await oidc.signedIn('everywhere')]
    const answer = await here.browser.post('/auth/logout', { scope: 'everywhere' })
    expect(answer.headers.location).toContain('/end-session/')
    expect((await other.get('/v1/me')).status).toBe(401)
  })

  it('lets the form end at the provider, and no other page', async () => {
    oidc.person({ sub: 'policy' })
    const { browser } = await oidc.signedIn('policy')
    const policy = async (path: string) =>
      /form-action ([^;]*)/.exec(String((await browser.open(path)).headers['content-security-policy']))?.[1]
    expect(await policy('/sign-out')).toBe(`'self' ${new URL(oidc.provider.issuer).origin}`)
    expect(await policy('/sign-in')).toBe(`'self'`)
  })

  it('works when the ID token can be unsealed no more', async () => {
    oidc.person({ sub: 'resealed' })
    const { browser, get, me } = await oidc.signedIn('resealed')
    await world.sql(`update sessions set sealed_id_token = 'torn' where id = $1`, [me.session.id])
    expect((await browser.open('/sign-out')).status).toBe(200)
    const answer = await browser.post('/auth/logout', {})
    expect(answer.headers.location).toContain('/end-session/')
    expect(answer.headers.location).not.toContain('id_token_hint')
    expect((await get('/v1/me')).status).toBe(401)
  })

  it('of who came by password stays here', async () => {
    const { owner } = await world.organization()
    const browser = oidc.newBrowser()
    browser.cookies.set('seqn_session', owner.cookie)
    expect(String((await browser.open('/sign-out')).headers['content-security-policy'])).toContain(
      `form-action 'self';`,
    )
    const answer = await browser.post('/auth/logout', {})
    expect([answer.status, answer.headers.location]).toEqual([200, undefined])
  })
})

import { describe, expect, it } from 'vitest'
import { type Misbehaviour, misbehaviours } from '../../support/identity-provider/identity-provider.ts'
import { expectErrorPage, startOidcWorld } from '../../support/oidc-world.ts'

// What the contract allows a page to take, whatever the provider does.
const longestMs = 5_000
const oidc = startOidcWorld({
  environment: { PLATFORM_ADMIN_REQUIRE_MFA: 'off' },
  conformIdTokenClaims: true,
})
const { world } = oidc
const asked = () => oidc.provider.requests.filter(({ path }) => path.endsWith('/userinfo/')).length

describe('a provider whose ID tokens tell no address', () => {
  it('is asked for address and name', async () => {
    oidc.person({ sub: 'ada', name: 'Ada Lovelace' })
    const { me } = await oidc.signedIn('ada')
    expect(me.user).toMatchObject({ email: 'ada@example.com', emailVerified: true, name: 'Ada Lovelace' })
    expect(me.organizations).toMatchObject([{ name: 'Ada Lovelace', role: 'owner' }])
  })

  it('is believed no more of an address than it says', async () => {
    oidc.person({ sub: 'grace', emailVerified: false })
    expect((await oidc.signedIn('grace')).me.user.emailVerified).toBe(false)
  })

  it('gives nobody power by what is not signed', async () => {
    oidc.person({ sub: 'boss', groups: ['SEQN-A'], amr: ['pwd', 'mfa'] })
    const { me } = await oidc.signedIn('boss')
    expect([me.platformAdmin, me.organizations.length]).toEqual([false, 1])
  })

  it('that has none either ends with a page', async () => {
    oidc.provider.people.set('nobody', { sub: 'nobody' })
    expectErrorPage((await oidc.signIn('nobody')).answer, 400, 'email_missing')
  })

  it('is not asked in a step-up, which needs no address', async () => {
    oidc.person({ sub: 'climber' })
    const { browser } = await oidc.signedIn('climber')
    const before = asked()
    await oidc.signedIn('climber', { browser, path: '/auth/login?step_up=1' })
    expect(asked()).toBe(before)
  })
})

const expected = (how: Misbehaviour): [number, string] =>
  how === 'userinfo-other-sub' ? [400, 'answer_refused'] : [502, 'identity_provider_unavailable']

describe('a userinfo that goes wrong', { timeout: 20_000 }, () => {
  it.each(misbehaviours.userinfo)('%s', async (how) => {
    oidc.person({ sub: how })
    const count = 'select (select count(*)::int from users), (select count(*)::int from sessions) as sessions'
    const before = await world.sql(count)
    const browser = oidc.newBrowser()
    const path = await oidc.callbackPath(browser, how, { before: () => oidc.provider.misbehave(how) })
    const start = performance.now()
    expectErrorPage(await browser.open(path), ...expected(how))
    expect(performance.now() - start).toBeLessThan(longestMs)
    expect(await world.sql(count)).toEqual(before)
    expect(oidc.provider.elsewhere.requests).toEqual([])
    expect(world.logLines.join('')).not.toContain('eyJ')
    oidc.provider.misbehave(undefined)
    await oidc.signedIn(how)
  })
})

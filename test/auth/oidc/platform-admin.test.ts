import { describe, expect, it } from 'vitest'
import { cookieOf } from '../../support/http.ts'
import { type CookieJar, signInAt } from '../../support/identity-provider/identity-provider.ts'
import { expectErrorPage, type OidcWorld, pathOf, startOidcWorld } from '../../support/oidc-world.ts'

const oidc = startOidcWorld({
  environment: { PLATFORM_ADMIN_REQUIRE_MFA: 'on', PLATFORM_ADMIN_AMR: 'mfa,hwk' },
})
const { world } = oidc
type SignedIn = Awaited<ReturnType<OidcWorld['signedIn']>>

async function power({ get }: Pick<SignedIn, 'get'>): Promise<boolean> {
  const me = (await get('/v1/me')).body.platformAdmin
  expect((await get('/v1/auth/session')).body.user.is_platform_admin).toBe(me)
  return me
}
const admin = (sub: string, amr: string[]) => oidc.person({ sub, groups: ['Staff', 'SEQN-A'], amr })
const move = (sub: string, hours: number) =>
  world.sql(
    `update sessions set platform_admin_until = platform_admin_until - make_interval(secs => $2),
       authenticated_at = authenticated_at - make_interval(secs => $2),
       mfa_verified_at = mfa_verified_at - make_interval(secs => $2) where subject = $1`,
    [sub, hours * 3_600],
  )

describe('a member of the group', () => {
  it.each([['mfa'], ['hwk']])(
    'with %s is platform admin for 12 hours, without a workspace',
    async (factor) => {
      admin(factor, ['pwd', factor])
      const signedIn = await oidc.signedIn(factor)
      expect(await power(signedIn)).toBe(true)
      expect(signedIn.me.organizations).toEqual([])
      expect(signedIn.me.session).toMatchObject({ aal: 2, mfaVerifiedAt: expect.any(String) })
      await move(factor, 11.9)
      expect(await power(signedIn)).toBe(true)
      await move(factor, 0.2)
      expect(await power(signedIn)).toBe(false)
      expect((await signedIn.get('/v1/me')).status).toBe(200)
    },
  )

  it('without a second factor is an ordinary person who is offered to show one', async () => {
    admin('plain', ['pwd'])
    const signedIn = await oidc.signedIn('plain')
    expect(await power(signedIn)).toBe(false)
    expect(signedIn.me.organizations).toEqual([])
    expect(signedIn.me.session).toMatchObject({ aal: 1, mfaVerifiedAt: null })
    const page = await signedIn.browser.open('/auth/console')
    expect(page.text).toContain('href="/auth/login?step_up=1&amp;redirect_url=%2Fauth%2Fconsole"')
  })

  it('is one no more when the group is gone at the next sign-in', async () => {
    const person = admin('former', ['mfa'])
    expect(await power(await oidc.signedIn('former'))).toBe(true)
    oidc.provider.people.set('former', { ...person, groups: ['seqn-a', 'SEQN-A2'] })
    expect(await power(await oidc.signedIn('former'))).toBe(false)
  })
})

it('a second factor alone makes nobody platform admin', async () => {
  oidc.person({ sub: 'customer', amr: ['pwd', 'mfa'] })
  const signedIn = await oidc.signedIn('customer')
  expect(await power(signedIn)).toBe(false)
  expect(signedIn.me.session.aal).toBe(2)
  expect(signedIn.me.organizations).toHaveLength(1)
})

describe('a step-up', () => {
  const stepUp = '/auth/login?step_up=1&redirect_url=/auth/console'

  it('renews the session under a new token, with what was shown this time', async () => {
    const person = admin('climber', ['pwd'])
    const before = await oidc.signedIn('climber')
    await move('climber', 1)
    oidc.provider.people.set('climber', { ...person, amr: ['pwd', 'mfa'] })
    const after = await oidc.signedIn('climber', { browser: before.browser, path: stepUp })
    expect(after.me.session.id).toBe(before.me.session.id)
    expect((await before.get('/v1/me')).status).toBe(401)
    expect(await power(after)).toBe(true)
    expect(after.me.session).toMatchObject({ aal: 2, mfaVerifiedAt: expect.any(String) })
    const [row] = await world.sql<{ recent: boolean }>(
      `select authenticated_at > now() - interval '1 minute' as recent from sessions where subject = 'climber'`,
    )
    expect(row?.recent).toBe(true)
    expect((await world.auditLog('platform')).map(({ action }) => action)).toContain('auth.reauthenticated')
  })

  it('gives no power that was not shown', async () => {
    const person = admin('faller', ['mfa'])
    const before = await oidc.signedIn('faller')
    oidc.provider.people.set('faller', { ...person, amr: ['pwd'] })
    const after = await oidc.signedIn('faller', { browser: before.browser, path: stepUp })
    expect([await power(after), after.me.session.aal]).toEqual([false, 1])
  })

  it('is for the same person only', async () => {
    oidc.person({ sub: 'one' })
    admin('two', ['mfa'])
    await oidc.signedIn('two')
    const one = await oidc.signedIn('one')
    const { answer } = await oidc.signIn('two', { browser: one.browser, path: stepUp })
    expectErrorPage(answer, 400, 'other_account')
    expect([(await one.get('/v1/me')).status, await power(one)]).toEqual([200, false])
  })

  it('ends with the session that it was for', async () => {
    oidc.person({ sub: 'gone' })
    const before = await oidc.signedIn('gone')
    const path = await oidc.callbackPath(before.browser, 'gone', { path: stepUp })
    await before.post('/v1/auth/logout')
    expectErrorPage(await before.browser.open(path), 400, 'other_account')
  })

  it('is refused when the provider asked for nothing, because the browser left prompt and max_age out', async () => {
    oidc.person({ sub: 'sly' })
    const jar: CookieJar = []
    const { browser } = await oidc.signedIn('sly', { jar })
    oidc.provider.age('sly', 45)
    const asked = new URL((await browser.open(stepUp)).headers.location ?? '')
    asked.searchParams.delete('prompt')
    asked.searchParams.delete('max_age')
    const path = pathOf(await signInAt(oidc.provider, asked.href, 'sly', jar))
    expectErrorPage(await browser.open(path), 400, 'answer_refused')
  })

  it('of somebody who is not signed in is a sign-in', async () => {
    admin('stranger', ['mfa'])
    expect(await power(await oidc.signedIn('stranger', { path: stepUp }))).toBe(true)
  })

  it('works for who signed in by password and has an identity at the provider', async () => {
    const { owner } = await world.organization()
    admin('linked', ['mfa'])
    const browser = oidc.newBrowser()
    browser.cookies.set('seqn_session', owner.cookie)
    expectErrorPage((await oidc.signIn('linked', { browser, path: stepUp })).answer, 400, 'other_account')
    await world.sql('insert into external_identities (issuer, subject, user_id) values ($1, $2, $3)', [
      oidc.provider.issuer,
      'linked',
      owner.id,
    ])
    const { answer } = await oidc.signIn('linked', { browser, path: stepUp })
    expect(answer.status).toBe(303)
    expect(await power(world.withCookie(cookieOf(answer) ?? ''))).toBe(true)
  })
})

describe('whom an operator granted it', () => {
  const grant = (id: string) => world.sql('insert into platform_admins (user_id) values ($1)', [id])

  // There is no second factor of ours yet: what one will write.
  const showFactor = (userId: string) =>
    world.sql('update sessions set aal = 2, mfa_verified_at = now() where user_id = $1', [userId])
  const moveSessionsOf = (userId: string, hours: number) =>
    world.sql(
      `update sessions set mfa_verified_at = mfa_verified_at - make_interval(hours => $2) where user_id = $1`,
      [userId, hours],
    )

  it('has power with a second factor only, and for 12 hours', async () => {
    const { owner } = await world.organization()
    await grant(owner.id)
    expect(await power(owner)).toBe(false)
    await showFactor(owner.id)
    expect(await power(owner)).toBe(true)
    await moveSessionsOf(owner.id, 12)
    expect(await power(owner)).toBe(false)
    const answer = await owner.post('/v1/auth/reauthenticate', { password: owner.password })
    const renewed = world.withCookie(cookieOf(answer) ?? '')
    expect(await power(renewed), 'a password alone does not bring it back').toBe(false)
  })

  it('has none in a session from a provider, which says itself who has', async () => {
    oidc.person({ sub: 'granted', amr: ['mfa'] })
    const signedIn = await oidc.signedIn('granted')
    await grant(signedIn.me.user.id)
    expect([signedIn.me.session.aal, await power(signedIn)]).toEqual([2, false])
  })
})

import { describe, expect, it } from 'vitest'
import type { CookieJar } from '../../support/identity-provider/identity-provider.ts'
import { expectErrorPage, startOidcWorld } from '../../support/oidc-world.ts'

const oidc = startOidcWorld({ environment: { PLATFORM_ADMIN_REQUIRE_MFA: 'on' } })
const { world } = oidc
const minute = 60
const hour = 60 * minute

const admin = (sub: string) => oidc.person({ sub, groups: ['SEQN-A'], amr: ['pwd', 'mfa'] })

/** What the session of this caller rests on, in seconds before now; power is what is left of it. */
async function ages(sessionId: string) {
  const [row] = await world.sql<{ authenticated: number; mfa: number; power: number }>(
    `select extract(epoch from now() - authenticated_at)::float8 as authenticated,
       extract(epoch from now() - mfa_verified_at)::float8 as mfa,
       extract(epoch from platform_admin_until - now())::float8 as power from sessions where id = $1`,
    [sessionId],
  )
  return row ?? { authenticated: NaN, mfa: NaN, power: NaN }
}

/** Signs in, lets time pass at the provider, and signs in there again without a question. */
async function again(sub: string, seconds: number) {
  const jar: CookieJar = []
  await oidc.signedIn(sub, { jar })
  oidc.provider.age(sub, seconds)
  const later = await oidc.signedIn(sub, { jar })
  return { ...later, ages: await ages(later.me.session.id) }
}

/** Asks for what only somebody may do who signed in a moment ago; nobody here has the password. */
const delicate = async ({ post }: Pick<Awaited<ReturnType<typeof again>>, 'post'>) => {
  const body = { current_password: 'a long password', new_password: 'another password' }
  return (await post('/v1/users/me/password', body)).body.error.code
}

describe('a sign-in that the provider asked nothing for', () => {
  it('gives what is left of the power, from when the person was asked', async () => {
    admin('hours ago')
    const { me, ages, post } = await again('hours ago', 11 * hour)
    expect([me.platformAdmin, me.session.aal]).toEqual([true, 2])
    expect(await delicate({ post })).toBe('reauthentication_required')
    expect(Date.now() - Date.parse(me.session.mfaVerifiedAt)).toBeGreaterThanOrEqual(11 * hour * 1000)
    for (const age of [ages.authenticated, ages.mfa]) {
      expect(age).toBeGreaterThanOrEqual(11 * hour)
      expect(age).toBeLessThan(11 * hour + minute)
    }
    expect(ages.power).toBeGreaterThan(hour - minute)
    expect(ages.power).toBeLessThanOrEqual(hour)
  })

  it('gives no power after twelve hours, and offers a step-up that does', async () => {
    admin('yesterday')
    const { me, ages, browser } = await again('yesterday', 12 * hour + 1)
    expect([me.platformAdmin, me.session.aal]).toEqual([false, 2])
    expect(ages.power).toBeLessThan(0)
    const stepUp = '/auth/login?step_up=1&redirect_url=%2Fauth%2Fconsole'
    const page = await browser.open('/auth/console')
    expect(page.text).toContain(`href="${stepUp.replace('&', '&amp;')}"`)
    const after = await oidc.signedIn('yesterday', { browser, path: stepUp })
    expect([after.me.platformAdmin, after.me.session.id]).toEqual([true, me.session.id])
    expect((await browser.open('/auth/console')).text).not.toContain('step_up=1')
  })

  it('counts from now where the provider does not tell when it asked, or tells of the future', async () => {
    admin('untold')
    const untold = await oidc.signedIn('untold', {
      before: () => oidc.provider.misbehave('missing-auth-time'),
    })
    expect(untold.me.platformAdmin).toBe(true)
    expect(await delicate(untold)).toBe('invalid_input')
    oidc.provider.misbehave(undefined)
    admin('early')
    const early = await again('early', -1e14)
    expect(early.me.platformAdmin).toBe(true)
    for (const session of [untold.me.session, early.me.session]) {
      const { authenticated, mfa, power } = await ages(session.id)
      for (const age of [authenticated, mfa, 12 * hour - power]) {
        expect(age).toBeGreaterThanOrEqual(0)
        expect(age).toBeLessThan(minute)
      }
    }
  })
})

describe('a step-up', () => {
  const stepUp = '/auth/login?step_up=1'

  it('asks for the time, too, with an age that no provider ignores', async () => {
    const asked = new URL((await oidc.newBrowser().open(stepUp)).headers.location ?? '').searchParams
    expect([asked.get('prompt'), Number(asked.get('max_age'))]).toEqual(['login', 60])
  })

  it('is refused when the provider does not tell when it asked', async () => {
    admin('silent')
    const before = await oidc.signedIn('silent')
    const was = await ages(before.me.session.id)
    const { answer } = await oidc.signIn('silent', {
      browser: before.browser,
      path: stepUp,
      before: () => oidc.provider.misbehave('missing-auth-time'),
    })
    expectErrorPage(answer, 400, 'answer_refused')
    expect((await before.get('/v1/me')).status).toBe(200)
    expect((await ages(before.me.session.id)).authenticated).toBeGreaterThanOrEqual(was.authenticated)
  })
})

import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from '../../support/http.ts'
import type { Organization } from '../../support/world.ts'
import { ConsentPage, ExpressApp, SignOutPage } from '../pages/apps.ts'
import { SignInPage, SignUpPage } from '../pages/sign-in.ts'
import { startExample } from './example.ts'
import { type AppProject, appHost, describeTwoDomains, startTwoDomains, timesAsked } from './harness.ts'
import {
  countTokens,
  expectTokensApart,
  expectTokensConfined,
  expectTokensRefused,
  expired,
} from './tokens.ts'

const password = 'correct-horse-battery'

describeTwoDomains('the Express example on another domain', async () => {
  const site = await startTwoDomains([appHost])
  const { world, accounts } = site
  const appUrl = site.originOf(appHost)
  let organization: Organization
  let project: AppProject
  let example: Awaited<ReturnType<typeof startExample>>

  beforeAll(async () => {
    organization = await world.organization({ name: 'Customer' })
    project = await site.project(organization, {
      name: 'Shop',
      redirectUrls: [`${appUrl}/auth/callback`],
      origins: [appUrl],
    })
    example = await startExample(site, 'seqn-auth-express', project)
  })
  afterAll(() => example?.stop())

  async function visitApp() {
    const { visitor, traffic } = await site.visit({ baseURL: appUrl })
    return { visitor, traffic, app: new ExpressApp(visitor) }
  }

  /** The member of the project's organization, signed in. */
  async function signedInMember() {
    const { visitor, traffic, app } = await visitApp()
    await app.open('/me')
    await new SignInPage(visitor).signIn(organization.owner.email, password)
    await app.hello(organization.owner.email)
    return { visitor, traffic, app }
  }

  it('signs an outsider up, who presses Continue once, and forgets them when they sign out', async () => {
    const { visitor, traffic, app } = await visitApp()
    const { page } = visitor
    const email = 'ada@example.com'
    await app.open()
    await app.heading.getByText('Shop').waitFor()
    await app.follow('sign up')
    expect(new URL(page.url()).origin).toBe(accounts)
    const person = { name: 'Ada Lovelace', email, password, organization: 'Analytical' }
    await new SignUpPage(visitor).signUp(person)
    const consent = new ConsentPage(visitor)
    await consent.heading.getByText('Continue to Shop').waitFor()
    await page.getByText(`An app of Customer at ${new URL(appUrl).host}`).waitFor()
    await consent.goOnAs(email)
    await app.hello('Ada Lovelace')
    expect(page.url()).toBe(`${appUrl}/me`)
    expect(await page.locator('#email').textContent()).toBe(email)
    expect(await page.locator('#role').textContent()).toBe('none')
    await page.reload()
    await app.hello('Ada Lovelace')
    const tokens = await app.held()
    await expectTokensApart(visitor, traffic, tokens)
    const sibling = await site.project(organization, { name: 'Sibling' })
    const stranger = await site.project(await world.organization(), { name: 'Stranger' })
    await expectTokensConfined(world, project, [sibling, stranger], tokens)
    expect(
      (
        await world.withBearer(stranger.secretKey).post('/v1/backend/sessions/verify', {
          token: tokens.accessToken,
        })
      ).body,
    ).toEqual({ active: false })

    await app.follow('Sign out')
    await expectTokensRefused(world, project, tokens)
    await new SignOutPage(visitor).signOut()
    await app.heading.getByText('Shop').waitFor()
    expect(await visitor.context.cookies()).not.toContainEqual(
      expect.objectContaining({ name: expect.stringMatching(/seqn_(session|auth)$/) }),
    )
    // A copy of what was stored brings nobody back; so soon after the sign-in this does not go round in circles.
    visitor.expectFault(/status of 401/)
    await app.hold(tokens)
    expect((await app.open('/me'))?.status()).toBe(401)
    await app.open('/me')
    await new SignInPage(visitor).heading.getByText('Sign in to Shop').waitFor()
    await new SignInPage(visitor).signIn(email, password)
    await app.hello('Ada Lovelace')
    expect(timesAsked(traffic)).toBe(1)
  })

  it('asks no member of its organization, and goes on after the end of the access token', async () => {
    const { visitor, traffic, app } = await signedInMember()
    expect(timesAsked(traffic)).toBe(0)
    expect(await visitor.page.locator('#role').textContent()).toBe('owner')
    const first = await app.held()
    await app.hold({ accessToken: await expired(world, first.accessToken) })
    await visitor.page.reload()
    await app.hello(organization.owner.email)
    const second = await app.held()
    expect(second.sessionToken).not.toBe(first.sessionToken)
    expect(await countTokens(world, project)).toBe(2)
    await expectTokensApart(visitor, traffic, second)
  })

  it('refreshes once for fifty requests at once', async () => {
    const { visitor, app } = await signedInMember()
    await app.hold({ accessToken: await expired(world, (await app.held()).accessToken) })
    // The example's own policy lets no page fetch anything, so what a browser would send comes from here.
    const { value } = await app.cookie()
    const headers = { cookie: `__Host-seqn_auth=${value}` }
    const asking = Array.from({ length: 50 }, () =>
      call(site.ports[appHost] ?? 0, { path: '/api/me', headers }),
    )
    const answers = (await Promise.all(asking)).map(({ status, body }) => `${status} ${body.email}`)
    expect(answers).toEqual(Array(50).fill(`200 ${organization.owner.email}`))
    expect(await countTokens(world, project)).toBe(2)
    await visitor.page.reload()
    await app.hello(organization.owner.email)
  })

  it.each(['loseAnswerTo', 'tearAnswerTo'] as const)('stays signed in after %s a refresh', async (fault) => {
    const { visitor, app } = await signedInMember()
    await app.hold({ accessToken: await expired(world, (await app.held()).accessToken) })
    site.proxy[fault]('POST /v1/client/sessions/refresh')
    await visitor.page.reload()
    await app.hello(organization.owner.email)
    expect(await countTokens(world, project), 'one at the exchange, one lost, one that came').toBe(3)
    await app.hold({ accessToken: await expired(world, (await app.held()).accessToken) })
    await visitor.page.reload()
    await app.hello(organization.owner.email)
    expect(await countTokens(world, project)).toBe(4)
  })
})

import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Organization } from '../../support/world.ts'
import { ConsentPage, VanillaApp } from '../pages/apps.ts'
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
const refreshRoute = '/v1/client/sessions/refresh'

describeTwoDomains('the vanilla example on another domain', async () => {
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
      redirectUrls: [`${appUrl}/`],
      origins: [appUrl],
    })
    example = await startExample(site, 'seqn-auth-vanilla', project)
  })
  afterAll(() => example?.stop())

  async function visitApp() {
    const { visitor, traffic } = await site.visit({ baseURL: appUrl })
    const app = new VanillaApp(visitor, project.publishableKey)
    await visitor.page.goto('/')
    await app.signedOut()
    return { visitor, traffic, app }
  }

  /** The member of the project's organization, signed in. */
  async function signedInMember() {
    const { visitor, traffic, app } = await visitApp()
    await app.press('Sign in')
    await new SignInPage(visitor).signIn(organization.owner.email, password)
    await app.hello(organization.owner.email)
    return { visitor, traffic, app }
  }

  /** As after a quarter of an hour: by the page's own clock, or only by the service's. */
  const expire = async (app: VanillaApp, more: { expiresAt?: number } = { expiresAt: 0 }) =>
    app.hold({ accessToken: await expired(world, (await app.held()).accessToken), ...more })

  it('signs an outsider up, who presses Continue once, and forgets them when they sign out', async () => {
    const { visitor, traffic, app } = await visitApp()
    const { page } = visitor
    const email = 'ada@example.com'
    await app.press('Sign up')
    const signUp = new SignUpPage(visitor)
    await signUp.heading.getByText('Create your account').waitFor()
    expect(new URL(page.url()).origin).toBe(accounts)
    await signUp.signUp({ name: 'Ada Lovelace', email, password, organization: 'Analytical' })
    const consent = new ConsentPage(visitor)
    await consent.heading.getByText('Continue to Shop').waitFor()
    await consent.goOnAs(email)
    await app.hello('Ada Lovelace')
    expect(page.url(), 'neither code nor state stays in the address').toBe(`${appUrl}/`)
    expect(await page.locator('#email').textContent()).toBe(email)
    expect(await page.locator('#organization').textContent()).toBe('none')
    await page.reload()
    await app.hello('Ada Lovelace')
    await app.press('Refresh')
    await app.hello('Ada Lovelace')
    const tokens = await app.held()
    await expectTokensApart(visitor, traffic, tokens)
    const sibling = await site.project(organization, { name: 'Sibling' })
    await expectTokensConfined(world, project, [sibling], tokens)

    await app.press('Sign out')
    await app.signedOut()
    await expectTokensRefused(world, project, tokens)
    expect(await page.evaluate(() => Object.keys({ ...localStorage, ...sessionStorage }))).toEqual([])
    await page.reload()
    await app.signedOut()
    // A copy of what was stored brings nobody back.
    await app.hold(tokens)
    visitor.expectFault(/status of 401/)
    await page.reload()
    await app.signedOut()

    await app.press('Sign in')
    await app.hello('Ada Lovelace')
    expect(timesAsked(traffic)).toBe(1)
  })

  it('asks no member of its organization, and goes on after the end of the access token', async () => {
    const { visitor, traffic, app } = await signedInMember()
    expect(timesAsked(traffic)).toBe(0)
    expect(await visitor.page.locator('#organization').textContent()).toBe('Customer (owner)')
    const first = await app.held()
    await expire(app)
    await visitor.page.reload()
    await app.hello(organization.owner.email)
    expect((await app.held()).sessionToken).not.toBe(first.sessionToken)
    expect(await countTokens(world, project)).toBe(2)

    visitor.expectFault(/status of 401/)
    await expire(app, {})
    await visitor.page.reload()
    await app.hello(organization.owner.email)
    expect(await countTokens(world, project)).toBe(3)
    await expectTokensApart(visitor, traffic, await app.held())
  })

  it('refreshes once for fifty requests at once, whichever clock saw the end', async () => {
    const { visitor, traffic, app } = await signedInMember()
    visitor.expectFault(/status of 401/)
    const everybody = Array(50).fill(organization.owner.email)
    await expire(app)
    expect(await app.askAtOnce(50)).toEqual(everybody)
    expect(await countTokens(world, project)).toBe(2)
    await expire(app, {})
    expect(await app.askAtOnce(50)).toEqual(everybody)
    expect(await countTokens(world, project)).toBe(3)
    expect(traffic.urls.filter((url) => url.endsWith(refreshRoute))).toHaveLength(2)
    await visitor.page.reload()
    await app.hello(organization.owner.email)
  })

  it('signs nobody out when two tabs see the end at once', async () => {
    const { visitor, app } = await signedInMember()
    const tab = await visitor.context.newPage()
    await tab.goto('/')
    const other = new VanillaApp(visitor, project.publishableKey, tab)
    await other.hello(organization.owner.email)
    await expire(app)
    const everybody = Array(25).fill(organization.owner.email)
    expect(await Promise.all([app.askAtOnce(25), other.askAtOnce(25)])).toEqual([everybody, everybody])
    // A browser may give the lock to a tab before it shows it what the other has stored: then both refresh, once each.
    expect(await countTokens(world, project)).toBeLessThanOrEqual(3)
    for (const each of [app, other]) {
      await each.press('Refresh')
      await each.page.reload()
      await each.hello(organization.owner.email)
    }
  })

  it.each(['loseAnswerTo', 'tearAnswerTo'] as const)('stays signed in after %s a refresh', async (fault) => {
    const { visitor, app } = await signedInMember()
    visitor.expectFault(/status of 502|net::ERR_|has been blocked by CORS policy/)
    await expire(app)
    site.proxy[fault](`POST ${refreshRoute}`)
    await visitor.page.reload()
    await app.hello(organization.owner.email)
    expect(await countTokens(world, project), 'one at the exchange, one lost, one that came').toBe(3)
    await expire(app)
    await visitor.page.reload()
    await app.hello(organization.owner.email)
    expect(await countTokens(world, project)).toBe(4)
  })
})

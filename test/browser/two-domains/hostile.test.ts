import type { Page } from 'playwright-core'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { randomToken, sha256 } from '../../../src/lib/secrets.ts'
import { cookieOf } from '../../support/http.ts'
import type { Person } from '../../support/world.ts'
import { ConsentPage } from '../pages/apps.ts'
import { eventually } from '../visitor.ts'
import { type AppProject, describeTwoDomains, startTwoDomains } from './harness.ts'
import { startHostileApp } from './hostile-app.ts'

/** Another site, and a neighbour within the service's own domain, whose requests carry SameSite=Lax cookies. */
const hosts = ['win.hostile.test', 'win.silver.test'] as const
const continuePath = '/sign-in/continue'

describeTwoDomains('a hostile app', async () => {
  const site = await startTwoDomains(hosts)
  const { world, accounts } = site
  const { arrivals } = startHostileApp(Object.values(site.ports))
  const codeVerifier = randomToken()
  const callbackAt = (host: string) => `${site.originOf(host)}/callback`
  let project: AppProject
  let victim: Person

  beforeAll(async () => {
    const attacker = await world.organization({ name: 'Prizes' })
    const body = { name: 'Win', redirectUrls: hosts.map(callbackAt), origins: hosts.map(site.originOf) }
    project = await site.project(attacker, body)
  })
  beforeEach(async () => {
    victim = (await world.organization({ name: 'Secret Plans' })).owner
  })

  const parameters = (host: string) => ({
    publishable_key: project.publishableKey,
    redirect_url: callbackAt(host),
    state: 'state-of-the-attacker',
    code_challenge: sha256(codeVerifier).toString('base64url'),
  })
  const linkTo = (path: string, host: string) => `${accounts}${path}?${new URLSearchParams(parameters(host))}`

  /** The victim, signed in at the service, opens the hostile page. */
  async function lured(host: string) {
    const { visitor } = await site.visit()
    const { email, password } = victim
    const answer = await world.anonymous.post('/v1/auth/login', { email, password })
    const name = '__Host-seqn_session'
    const cookie = { name, value: cookieOf(answer, name) ?? '', url: accounts, secure: true }
    await visitor.context.addCookies([{ ...cookie, httpOnly: true, sameSite: 'Lax' }])
    await visitor.page.goto(site.originOf(host))
    const before = await given()
    const got = async () => ({ given: await given(), arrivals: arrivals().length })
    return { visitor, page: visitor.page, got, nothing: { given: before, arrivals: arrivals().length } }
  }

  /** What the service gave away: codes, grants and sessions of apps. */
  const given = async () =>
    (
      await world.sql(
        `select (select count(*) from authorization_codes) as codes, (select count(*) from app_grants) as grants,
                (select count(*) from project_sessions) as sessions`,
      )
    )[0]

  describe.each(hosts)('at %s', (host) => {
    it.each([continuePath, '/sign-in', '/sign-up'])('gets nothing from a frame of %s', async (path) => {
      const { visitor, page, got, nothing } = await lured(host)
      visitor.expectFault(/frame-ancestors|X-Frame-Options/)
      await page.evaluate(frame, linkTo(path, host))
      await eventually(() => page.frames()[1]?.url()).toBe('chrome-error://chromewebdata/')
      expect(await got()).toEqual(nothing)
    })

    it('gets nothing from requests of its scripts', async () => {
      const { visitor, page, got, nothing } = await lured(host)
      visitor.expectFault(/CORS policy|net::ERR_|status of 40\d/)
      const fields = { ...parameters(host), user_id: victim.id }
      const results = await page.evaluate(request, { url: linkTo(continuePath, host), fields })
      expect(results.filter((result) => !['refused', 'opaque', 'opaqueredirect'].includes(result))).toEqual(
        [],
      )
      expect(await got()).toEqual(nothing)
    })

    it('cannot press Continue by a form of its own', async () => {
      const { visitor, page, got, nothing } = await lured(host)
      visitor.expectFault(/status of 403/)
      const fields = { ...parameters(host), user_id: victim.id }
      await page.evaluate(submit, { url: accounts + continuePath, fields })
      await page.getByRole('heading', { level: 1 }).getByText('The form was not accepted').waitFor()
      expect(await got()).toEqual(nothing)
    })

    it('has no hold of a popup, and learns little when the person presses Continue there', async () => {
      const { visitor, page, got, nothing } = await lured(host)
      const opening = page.waitForEvent('popup')
      await page.evaluate(
        (url) => {
          Object.assign(window, { opened: open(url) })
        },
        linkTo('/sign-in', host),
      )
      const popup = await opening
      const consent = new ConsentPage(visitor, popup)
      await consent.heading.getByText('Continue to Win').waitFor()
      await page.waitForFunction(() => (window as unknown as { opened: Window }).opened.closed)
      expect(popup.isClosed()).toBe(false)
      expect(await got()).toEqual(nothing)

      await consent.goOnAs(victim.email)
      await eventually(() => arrivals().length).toBe(nothing.arrivals + 1)
      const code = arrivals().at(-1)?.searchParams.get('code')
      const client = world.withPublishableKey(project.publishableKey)
      const exchange = { code, codeVerifier, redirectUrl: callbackAt(host) }
      const { status, body } = await client.post('/v1/client/sessions/exchange', exchange)
      expect(status).toBe(200)
      expect(body.organization).toBeNull()
      await expectConfined(body)
      await isStillSignedIn(page)
    })
  })

  /** With what an app gets, it sees the person alone, and changes nothing. */
  async function expectConfined(tokens: { accessToken: string; sessionToken: string }) {
    const bearer = world.withBearer(tokens.accessToken)
    const me = await bearer.get('/v1/me')
    expect(me.body).toMatchObject({
      user: { id: victim.id, email: victim.email },
      organizations: [],
      platformAdmin: false,
    })
    expect(JSON.stringify([me.body, tokens])).not.toMatch(/secret.plans/i)
    const cookies = [tokens.accessToken, tokens.sessionToken].map((token) =>
      world.caller({ cookie: `__Host-seqn_session=${token}` }),
    )
    for (const caller of [bearer, ...cookies]) {
      const answers = [
        await caller.get('/v1/orgs'),
        await caller.post('/v1/orgs', { name: 'Taken' }),
        await caller.patch('/v1/users/me', { display_name: 'Taken' }),
        await caller.delete('/v1/auth/sessions'),
        await caller.get('/v1/me/project-sessions'),
      ]
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401))
    }
    for (const caller of cookies) expect((await caller.get('/v1/me')).status).toBe(401)
    expect((await bearer.post('/v1/auth/logout')).status).toBe(204)
  }

  async function isStillSignedIn(page: Page) {
    await page.goto(`${accounts}/auth/console`)
    await page.getByRole('heading', { level: 1 }).getByText('Projects').waitFor()
  }
})

// What the hostile page runs.

const frame = (url: string) =>
  new Promise<void>((resolve) => {
    const element = document.createElement('iframe')
    element.addEventListener('load', () => resolve())
    element.src = url
    document.body.append(element)
  })

type Sent = { url: string; fields: Record<string, string> }

const request = ({ url, fields }: Sent) => {
  const body = new URLSearchParams(fields)
  const attempts: RequestInit[] = [
    {},
    { redirect: 'manual' },
    { mode: 'no-cors' },
    { method: 'POST', body },
    { method: 'POST', body, mode: 'no-cors' },
  ]
  const send = (attempt: RequestInit) =>
    fetch(url, { ...attempt, credentials: 'include' }).then(
      ({ type, status }) => (status ? `${type} ${status}` : type),
      () => 'refused',
    )
  return Promise.all(attempts.map(send))
}

const submit = ({ url, fields }: Sent) => {
  const form = document.createElement('form')
  Object.assign(form, { method: 'post', action: url })
  for (const [name, value] of Object.entries(fields)) {
    const input = document.createElement('input')
    Object.assign(input, { type: 'hidden', name, value })
    form.append(input)
  }
  document.body.append(form)
  form.submit()
}

import { beforeAll, describe, expect, it } from 'vitest'
import {
  appOrigin,
  arrival,
  callback,
  continuePath,
  departure,
  goOn,
  makeApp,
  postForm,
} from '../support/app-sign-in.ts'
import { browserless, hiddenFields, textOf } from '../support/browserless.ts'
import { hostileRedirects } from '../support/redirect-spellings.ts'
import { type Organization, type Person, type Project, startWorld } from '../support/world.ts'

const world = startWorld()
let organization: Organization
let project: Project
let count = 0
const password = 'a long password of mine'

beforeAll(async () => {
  organization = await world.organization({ plan: 'pro', name: 'Customer & Co' })
  project = await makeApp(world, organization, { name: 'Shop <b>' })
})
const stranger = async () => (await world.organization()).owner
const signUp = (email: string) => ({ email, password, organization_name: 'Mine', display_name: 'Ada' })
const codes = async () => (await world.sql('select hash from authorization_codes')).length
const policyOf = (headers: Record<string, unknown>) =>
  /form-action ([^;]*)/.exec(String(headers['content-security-policy']))?.[1]

describe('a browser that an app sends to /sign-in', () => {
  it('sees the app’s name, signs in, presses Continue once, and comes back with a code', async () => {
    const email = `ada${++count}@example.com`
    const browser = browserless(world)
    await browser.submit('/sign-up', '/sign-up', signUp(email))
    browser.cookies.clear()
    const left = departure(project)
    const page = await browser.open(`/sign-in?${left.search}`)
    expect(page.status).toBe(200)
    expect(textOf(page.text, 'h1')).toBe('Sign in to Shop &lt;b>')
    expect(policyOf(page.headers)).toBe(`'self' ${appOrigin}`)
    const signedIn = await browser.submit(`/sign-in?${left.search}`, '/sign-in', { email, password })
    expect([signedIn.status, signedIn.headers.location]).toEqual([303, left.path])

    const asked = await browser.open(left.path)
    expect(asked.status).toBe(200)
    expect(textOf(asked.text, 'h1')).toBe('Continue to Shop &lt;b>')
    expect(asked.text).toContain(email)
    expect(asked.text).toContain('Customer &amp; Co')
    for (const told of ['its organization', 'your name', 'your email address', 'device and network'])
      expect(asked.text.replace(/\s+/g, ' ')).toContain(told)
    expect(policyOf(asked.headers)).toBe(`'self' ${appOrigin}`)
    expect(asked.headers['set-cookie'], 'nothing is decided yet').toBeUndefined()

    const back = await browser.post(continuePath, hiddenFields(asked.text, continuePath))
    expect(arrival(back)).toEqual({
      url: callback,
      state: left.query.state,
      code: expect.stringMatching(/^[\w-]{43}$/),
    })
    const again = await browser.open(departure(project).path)
    expect(arrival(again).url, 'the second time nobody is asked').toBe(callback)
  })

  it('may sign up instead, and goes the same way', async () => {
    const browser = browserless(world)
    const left = departure(project)
    const page = await browser.open(`/sign-up?${left.search}`)
    expect(policyOf(page.headers)).toBe(`'self' ${appOrigin}`)
    const link = /href="(\/sign-in[^"]*)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&') ?? ''
    expect(textOf((await browser.open(link)).text, 'h1')).toBe('Sign in to Shop &lt;b>')
    const answer = await browser.submit(
      `/sign-up?${left.search}`,
      '/sign-up',
      signUp(`bob${++count}@example.com`),
    )
    expect([answer.status, answer.headers.location]).toEqual([303, left.path])
  })

  it('keeps app and address through a wrong password', async () => {
    const left = departure(project)
    const browser = browserless(world)
    const fields = { email: 'nobody@example.com', password: 'a wrong password' }
    const page = await browser.submit(`/sign-in?${left.search}`, '/sign-in', fields)
    expect(page.status).toBe(401)
    expect(textOf(page.text, 'h1')).toBe('Sign in to Shop &lt;b>')
    expect(hiddenFields(page.text, '/sign-in').redirect_url).toBe(left.path)
    expect(policyOf(page.headers)).toBe(`'self' ${appOrigin}`)
  })

  it('goes on at once when it is signed in already', async () => {
    const left = departure(project)
    for (const path of ['/sign-in', '/sign-up']) {
      const answer = await organization.owner.get(`${path}?${left.search}`)
      expect(answer.status).toBe(303)
    }
    expect((await organization.owner.get(`/sign-in?${left.search}`)).headers.location).toBe(left.path)
  })

  it('carries the longest address and state, of any printable characters', async () => {
    const url = `${callback}?${'a=/'.repeat(150)}`
    const long = await makeApp(world, organization, { redirectUrls: [url] })
    const left = departure(long, { redirect_url: url, state: ' %#/&+="'.repeat(64) })
    const browser = browserless(world)
    const answer = await browser.submit(
      `/sign-up?${left.search}`,
      '/sign-up',
      signUp(`long${++count}@example.com`),
    )
    expect(answer.headers.location).toBe(left.path)
    const asked = await browser.open(answer.headers.location ?? '')
    const back = await browser.post(continuePath, hiddenFields(asked.text, continuePath))
    const location = back.headers.location ?? ''
    expect(location.startsWith(`${url}&code=`)).toBe(true)
    expect(new URL(location).searchParams.get('state')).toBe(left.query.state)
  })
})

describe('/sign-in/continue', () => {
  it('gives a member a code at once, without asking', async () => {
    const member = await world.member(organization, 'viewer')
    const left = departure(project)
    const answer = await member.get(left.path)
    expect(arrival(answer)).toMatchObject({ url: callback, state: left.query.state })
    expect(answer.headers['cache-control']).toBe('no-store')
    expect((await member.get('/v1/me/grants')).body.data).toEqual([])
  })

  it('sends whoever is not signed in to sign in first', async () => {
    const left = departure(project)
    const answer = await world.anonymous.get(left.path)
    expect([answer.status, answer.headers.location]).toEqual([
      303,
      `/sign-in?${new URLSearchParams({ redirect_url: left.path })}`,
    ])
  })

  it('takes the browser’s cookie only: no access token becomes an app’s session', async () => {
    const answer = await world.withBearer(organization.owner.accessToken).get(departure(project).path)
    expect(answer.status).toBe(303)
    expect(answer.headers.location).toMatch(/^\/sign-in\?/)
  })

  it('offers another account, and a way back to the app that says no', async () => {
    const left = departure(project)
    const page = await (await stranger()).get(left.path)
    const links = [...page.text.matchAll(/<a[^>]*href="([^"]*)"/g)].map(([, href = '']) =>
      href.replaceAll('&amp;', '&'),
    )
    const query = new URLSearchParams({ redirect_url: left.path })
    expect(links).toEqual([
      `/sign-out?${query}`,
      `${callback}?${new URLSearchParams({ error: 'access_denied', state: left.query.state ?? '' })}`,
    ])
  })

  it('gives nothing for a look: no grant and no code before the button is pressed', async () => {
    const person = await stranger()
    const before = await codes()
    for (let i = 0; i < 3; i++) expect((await person.get(departure(project).path)).status).toBe(200)
    expect(await codes()).toBe(before)
    expect((await person.get('/v1/me/grants')).body.data).toEqual([])
  })

  it('grants once, however often the button is pressed', async () => {
    const person = await stranger()
    const left = departure(project)
    const page = await person.get(left.path)
    const fields = hiddenFields(page.text, continuePath)
    const answers = await Promise.all([1, 2, 3].map(() => postForm(person, continuePath, fields)))
    expect(new Set(answers.map((answer) => arrival(answer).code)).size).toBe(3)
    const granted = (await world.auditLog(organization.id)).filter(
      ({ action, actor_id }) => action === 'auth.app.granted' && actor_id === person.id,
    )
    expect(granted).toHaveLength(1)
  })

  it('asks again when somebody else is signed in than the page named', async () => {
    const ada = await stranger()
    const bob = await stranger()
    const left = departure(project)
    const fields = hiddenFields((await ada.get(left.path)).text, continuePath)
    const answer = await postForm(bob, continuePath, fields)
    expect([answer.status, answer.headers.location]).toEqual([303, left.path])
    expect((await bob.get('/v1/me/grants')).body.data).toEqual([])
  })

  it('takes the button from our own page only', async () => {
    const person = await stranger()
    const fields = hiddenFields((await person.get(departure(project).path)).text, continuePath)
    const body = new URLSearchParams(fields).toString()
    const before = await codes()
    for (const foreign of [
      { 'sec-fetch-site': 'cross-site', origin: appOrigin },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'null' },
      {},
    ]) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded', ...foreign }
      expect((await person.call({ method: 'POST', path: continuePath, headers, body })).status).toBe(403)
    }
    expect(await codes()).toBe(before)
  })

  it.each([
    ['no challenge', { code_challenge: undefined }],
    ['no state', { state: undefined }],
    ['an empty state', { state: '' }],
    ['a state that is too long', { state: 'a'.repeat(513) }],
    ['a state that cannot be printed', { state: 'a\nb' }],
    ['a state of other letters', { state: 'é' }],
    ['a short challenge', { code_challenge: 'a'.repeat(42) }],
    ['a long challenge', { code_challenge: 'a'.repeat(44) }],
    ['a challenge in base64', { code_challenge: `${'a'.repeat(42)}=` }],
    ['the plain method', { code_challenge_method: 'plain' }],
    ['no URL', { redirect_url: undefined }],
    ['an origin instead of a URL', { redirect_url: appOrigin }],
    ['no key', { publishable_key: undefined }],
    ['a key that is none', { publishable_key: 'pk_live_x' }],
  ])('does not fit with %s: plain sign-in, an error page, no code', async (_what, wrong) => {
    const { search, path } = departure(project, wrong)
    const page = await world.anonymous.get(`/sign-in?${search}`)
    expect(page.status).toBe(200)
    expect(textOf(page.text, 'h1')).toBe('Sign in to Silver Auth')
    expect(hiddenFields(page.text, '/sign-in').redirect_url).toBeUndefined()
    expect(policyOf(page.headers)).toBe("'self'")
    const before = await codes()
    const refused = await organization.owner.get(path)
    expect([refused.status, refused.headers.location]).toEqual([400, undefined])
    expect(refused.text).toContain(String(refused.headers['x-request-id']))
    const posted = await postForm(organization.owner, continuePath, {
      ...Object.fromEntries(new URLSearchParams(search)),
      user_id: organization.owner.id,
    })
    expect([posted.status, posted.headers.location]).toEqual([400, undefined])
    expect(await codes()).toBe(before)
  })

  it('does not fit twice over', async () => {
    const { search, path } = departure(project)
    for (const name of ['state', 'redirect_url', 'publishable_key', 'code_challenge']) {
      const twice = `&${name}=${encodeURIComponent(new URLSearchParams(search).get(name) ?? '')}`
      expect((await organization.owner.get(path + twice)).status, name).toBe(400)
      expect((await world.anonymous.get(`/sign-in?${search}${twice}`)).status, name).toBe(200)
    }
  })

  it('does not fit to a project that is off, or of an organization that is gone', async () => {
    const home = await world.organization()
    const off = await makeApp(world, home)
    await home.owner.patch(`/v1/orgs/${home.id}/projects/${off.id}`, { status: 'disabled' })
    expect((await home.owner.get(departure(off).path)).status).toBe(400)
    await home.owner.patch(`/v1/orgs/${home.id}/projects/${off.id}`, { status: 'active' })
    expect((await home.owner.get(departure(off).path)).status).toBe(302)
    await home.owner.delete(`/v1/orgs/${home.id}`, { confirm: home.slug })
    expect((await home.owner.get(departure(off).path)).status).toBe(400)
  })

  it('takes a challenge that says S256', async () => {
    const left = departure(project, { code_challenge_method: 'S256' })
    expect((await organization.owner.get(left.path)).status).toBe(302)
  })
})

describe('a registered address without a code', () => {
  const plain = (redirect_url: string) =>
    departure(project, { redirect_url, state: undefined, code_challenge: undefined })

  it.each([callback, appOrigin, `${appOrigin}/`])('is followed after signing in or out: %s', async (url) => {
    const { search, path } = plain(url)
    const browser = browserless(world)
    const answer = await browser.submit(
      `/sign-up?${search}`,
      '/sign-up',
      signUp(`plain${++count}@example.com`),
    )
    expect([answer.status, answer.headers.location]).toEqual([303, path])
    const left = await browser.open(path)
    expect([left.status, left.headers.location]).toEqual([302, url])
    const leaving = await browser.open(`/sign-out?${search}`)
    expect(policyOf(leaving.headers)).toBe(`'self' ${appOrigin}`)
    const out = await browser.submit(`/sign-out?${search}`, '/auth/logout', {})
    expect([out.status, out.headers.location]).toEqual([303, path])
    expect((await browser.open(path)).headers.location).toBe(url)
    const twice = await browser.open(`/sign-out?${search}`)
    expect([twice.status, twice.headers.location], 'with nobody to sign out').toEqual([303, path])
  })

  it.each(['https://evil.example', `${appOrigin}/other`, 'https://app.customer.test.evil.example/'])(
    'is not %s',
    async (url) => {
      const { search, path } = plain(url)
      const page = await world.anonymous.get(`/sign-in?${search}`)
      expect(page.text).not.toContain('evil.example')
      expect(hiddenFields(page.text, '/sign-in').redirect_url).toBeUndefined()
      expect((await organization.owner.get(path)).status).toBe(400)
    },
  )
})

describe('hostile spellings of redirect_url', () => {
  it('are many', () => expect(hostileRedirects.length).toBeGreaterThanOrEqual(300))

  const ours = 'http://accounts.silver.test'
  const isOurs = (location: string | undefined) =>
    location === undefined || new URL(location, ours).origin === ours

  async function tryAll(person: Person, query: (redirect_url: string) => string) {
    const escaped: string[] = []
    for (const hostile of hostileRedirects) {
      const search = query(hostile)
      const page = await world.anonymous.get(`/sign-in?${search}`)
      const kept = hiddenFields(page.text, '/sign-in').redirect_url
      if (page.status !== 200 || !isOurs(kept) || policyOf(page.headers) !== "'self'") escaped.push(hostile)
      const answers = [await person.get(`${continuePath}?${search}`), await person.get(`/sign-in?${search}`)]
      for (const { headers } of answers) if (!isOurs(headers.location)) escaped.push(hostile)
    }
    return escaped
  }

  it('lead nowhere with a code, for a person who may have one', async () => {
    const before = await codes()
    const query = (redirect_url: string) => departure(project, { redirect_url }).search
    expect(await tryAll(organization.owner, query)).toEqual([])
    expect(await codes()).toBe(before)
  }, 60_000)

  it('lead nowhere without one, nor behind our own path', async () => {
    const noOrigins = await makeApp(world, organization, { origins: [] })
    const plain = (redirect_url: string) =>
      departure(noOrigins, { redirect_url, state: undefined, code_challenge: undefined }).search
    expect(await tryAll(organization.owner, plain)).toEqual([])
    const nested = (redirect_url: string) =>
      new URLSearchParams({ redirect_url: departure(project, { redirect_url }).path }).toString()
    expect(await tryAll(organization.owner, nested)).toEqual([])
  }, 60_000)

  it('lead nowhere in a form that is posted', async () => {
    const browser = browserless(world)
    const email = `posted${++count}@example.com`
    await browser.submit('/sign-up', '/sign-up', signUp(email))
    const page = await browser.open('/sign-in?prompt=login')
    const csrf_token = hiddenFields(page.text, '/sign-in').csrf_token ?? ''
    const escaped: string[] = []
    for (const hostile of hostileRedirects.filter((_, index) => index % 10 === 0)) {
      const fields = {
        csrf_token,
        email,
        password,
        redirect_url: hostile,
        publishable_key: project.publishableKey,
      }
      const answer = await browser.post('/sign-in', fields)
      expect(answer.status).toBe(303)
      if (!isOurs(answer.headers.location)) escaped.push(hostile)
    }
    expect(escaped).toEqual([])
  }, 60_000)
})

it('follows a longer registered URL to the letter, its query included', async () => {
  const url = 'https://app.customer.test/cb?tenant=A%20b&x='
  const own = await makeApp(world, organization, { redirectUrls: [url] })
  const answer = await goOn(organization.owner, departure(own, { redirect_url: url }))
  expect(answer.headers.location?.startsWith(`${url}&code=`)).toBe(true)
})

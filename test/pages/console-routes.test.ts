import { describe, expect, it } from 'vitest'
import { type Browserless, browserless, textOf } from '../support/browserless.ts'
import type { Answer } from '../support/http.ts'
import { type Organization, type Person, startWorld } from '../support/world.ts'

const world = startWorld()

function browserOf(person: Person): Browserless {
  const browser = browserless(world)
  browser.cookies.set('seqn_session', person.cookie)
  return browser
}

async function withConsole(plan = 'pro') {
  const organization = await world.organization({ plan })
  return { organization, browser: browserOf(organization.owner), base: `/auth/console/${organization.slug}` }
}

const create = (browser: Browserless, base: string, fields: Record<string, string>) =>
  browser.submit(`${base}/projects?dialog=new-project`, `${base}/projects`, fields)

const plainText = ({ text }: Answer) => text.replaceAll(/<[^>]+>/g, '')
const secretIn = ({ text }: Answer) => /sk_live_[0-9a-z]{48}/.exec(text)?.[0]

describe('/auth/console', () => {
  it('leads the anonymous to sign-in and back', async () => {
    for (const path of [
      '/auth/console',
      '/auth/console/some/projects',
      '/auth/console/some/projects/x/keys',
    ]) {
      const answer = await browserless(world).open(path)
      expect([answer.status, answer.headers.location]).toEqual([
        303,
        `/sign-in?redirect_url=${encodeURIComponent(path)}`,
      ])
    }
  })

  it('tells a script that the session has ended', async () => {
    const answer = await browserless(world).open('/auth/console', { 'hx-request': 'true' })
    expect([answer.status, answer.headers['hx-redirect']]).toEqual([
      200,
      '/sign-in?redirect_url=%2Fauth%2Fconsole',
    ])
  })

  it('shows nothing of an organization to who is no member of it', async () => {
    const { organization, browser } = await withConsole()
    const stranger = await world.organization()
    const project = await world.project(stranger)
    const unknown = await browser.open('/auth/console/no-such-organization/projects')
    const foreign = await browser.open(`/auth/console/${stranger.slug}/projects`)
    const foreignProject = await browser.open(
      `/auth/console/${organization.slug}/projects/${project.slug}/keys`,
    )
    expect([unknown.status, foreign.status, foreignProject.status]).toEqual([404, 404, 404])
    expect(textOf(foreign.text, 'h1')).toBe(textOf(unknown.text, 'h1'))
    expect(foreign.text).not.toContain(project.publishableKey)
  })

  it('answers an unknown address with a page in the shell', async () => {
    const { browser, base } = await withConsole()
    const answer = await browser.open(`${base}/nothing/here`)
    expect(answer.status).toBe(404)
    expect(answer.text).toContain(String(answer.headers['x-request-id']))
  })

  it('says so to a person without any organization', async () => {
    const { organization, browser } = await withConsole()
    await organization.owner.delete(`/v1/orgs/${organization.id}`, { confirm: organization.slug })
    const answer = await browser.open('/auth/console')
    expect([answer.status, textOf(answer.text, 'h1')]).toEqual([200, 'No organization'])
  })
})

describe('projects', () => {
  it('are made by a form that shows the secret key once', async () => {
    const { browser, base } = await withConsole()
    const made = await create(browser, base, {
      name: 'Shop',
      redirect_urls: 'https://shop.example/cb\r\n\r\nhttps://shop.example/cb2',
    })
    expect(made.status).toBe(201)
    const secret = secretIn(made)
    expect(secret).toBeDefined()
    expect(made.headers['cache-control']).toBe('no-store')
    expect(await world.withBearer(secret ?? '').get('/v1/backend/application')).toMatchObject({ status: 200 })
    for (const path of [`${base}/projects`, `${base}/projects/shop/keys`, `${base}/projects/shop/settings`]) {
      expect((await browser.open(path)).text).not.toContain(secret)
    }
    const urls = await browser.open(`${base}/projects/shop/urls`)
    expect(urls.text).toContain('https://shop.example/cb2')
  })

  it('are made once, however often the form is sent', async () => {
    const { browser, base, organization } = await withConsole()
    const page = await browser.open(`${base}/projects?dialog=new-project`)
    const key = /name="idempotency_key" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    const first = await browser.post(`${base}/projects`, { name: 'Twice', idempotency_key: key })
    const second = await browser.post(`${base}/projects`, { name: 'Twice', idempotency_key: key })
    expect([first.status, second.status, second.headers.location]).toEqual([201, 303, `${base}/projects`])
    expect(secretIn(second)).toBeUndefined()
    expect((await browser.open(`${base}/projects`)).text).toContain('This form was sent before')
    expect((await organization.owner.get(`/v1/orgs/${organization.id}/projects`)).body.data).toHaveLength(1)
  })

  it('tell what is wrong with each field and each line', async () => {
    const { browser, base } = await withConsole()
    const redirect_urls = 'https://good.example/cb\n\nhttp://bad.example/cb'
    const answer = await create(browser, base, {
      name: ' ',
      slug: 'Not A Slug',
      redirect_urls,
      origins: 'https://a.example/path',
    })
    expect(answer.status).toBe(422)
    expect(answer.text).toContain('id="field-name-error"')
    expect(answer.text).toContain('id="field-slug-error"')
    expect(answer.text).toMatch(/Line 3/)
    expect(answer.text).toMatch(/id="field-origins-error"/)
    expect(answer.text).toContain('http://bad.example/cb')
  })

  it('explain the limit of the plan instead of failing', async () => {
    const { browser, base } = await withConsole('free')
    await create(browser, base, { name: 'One' })
    await create(browser, base, { name: 'Two' })
    const full = await browser.open(`${base}/projects`)
    expect(full.text).not.toContain('New project')
    expect(plainText(full)).toContain('The Free plan includes 2 projects')
    const third = await create(browser, base, { name: 'Three' })
    expect(third.status).toBe(402)
    expect(third.text).toContain('role="alert"')
  })

  it('show markup, bidi and other marks in a name as text', async () => {
    const { browser, base } = await withConsole()
    const name = '<script>alert(1)</script>"\'&\u202Eevil'
    const made = await create(browser, base, { name, slug: 'odd' })
    expect(made.status).toBe(201)
    for (const path of [
      `${base}/projects`,
      `${base}/projects/odd/keys`,
      `${base}/projects/odd/urls`,
      `${base}/projects/odd/settings`,
    ]) {
      const { text } = await browser.open(path)
      expect(text).not.toContain('<script>alert')
      expect(text).toContain('&lt;script>alert(1)&lt;/script>')
      // What a person may edit stays as it is stored.
      expect(text.replaceAll(/ value="[^"]*"/g, '')).not.toContain('\u202E')
    }
  })
})

describe('keys', () => {
  it('are rotated with a choice of overlap, and shown once', async () => {
    const { organization, browser, base } = await withConsole()
    const { secretKey, slug } = await world.project(organization)
    const keys = `${base}/projects/${slug}/keys`
    const rotated = await browser.submit(`${keys}?dialog=rotate`, `${keys}/rotate`, {
      overlap_seconds: '3600',
    })
    expect(rotated.status).toBe(201)
    const fresh = secretIn(rotated) ?? ''
    for (const key of [secretKey, fresh])
      expect((await world.withBearer(key).get('/v1/backend/application')).status).toBe(200)
    expect((await browser.open(keys)).text).not.toContain(fresh)
    const at_once = await browser.submit(`${keys}?dialog=rotate`, `${keys}/rotate`, { overlap_seconds: '0' })
    for (const key of [secretKey, fresh])
      expect((await world.withBearer(key).get('/v1/backend/application')).status).toBe(401)
    expect((await world.withBearer(secretIn(at_once) ?? '').get('/v1/backend/application')).status).toBe(200)
  })

  it('are revoked by a dialog that tells their use', async () => {
    const { organization, browser, base } = await withConsole()
    const { secretKey, slug } = await world.project(organization)
    await world.withBearer(secretKey).get('/v1/backend/application')
    await world.ctx.batches.flush()
    const keys = `${base}/projects/${slug}/keys`
    const id = /dialog=revoke&amp;key=(key_[0-9a-z]+)/.exec((await browser.open(keys)).text)?.[1]
    const page = `${keys}?dialog=revoke&key=${id}`
    expect((await browser.open(page)).text).toContain('In use')
    const answer = await browser.submit(page, `${keys}/${id}/revoke`, {})
    expect([answer.status, answer.headers.location]).toEqual([303, keys])
    expect((await browser.open(keys)).text).toContain('Secret key revoked')
    expect((await browser.open(keys)).text).not.toContain('Secret key revoked')
    expect((await world.withBearer(secretKey).get('/v1/backend/application')).status).toBe(401)
  })

  it.each(['', '17', '-1', '99999999', 'x'])('refuse an overlap of %j', async (overlap_seconds) => {
    const { organization, browser, base } = await withConsole()
    const { secretKey, slug } = await world.project(organization)
    const keys = `${base}/projects/${slug}/keys`
    const answer = await browser.submit(`${keys}?dialog=rotate`, `${keys}/rotate`, { overlap_seconds })
    expect(answer.status).toBe(overlap_seconds === '17' ? 201 : 422)
    if (answer.status === 422)
      expect((await world.withBearer(secretKey).get('/v1/backend/application')).status).toBe(200)
  })
})

describe('addresses and settings', () => {
  it('are changed, refused and switched by forms', async () => {
    const { organization, browser, base } = await withConsole()
    const { slug, secretKey } = await world.project(organization)
    const project = `${base}/projects/${slug}`
    const api = `/v1/orgs/${organization.id}/projects/${slug}`
    const saved = await browser.post(`${project}/urls`, {
      redirect_urls: 'https://x.example/a',
      origins: 'https://x.example',
    })
    expect(saved.headers.location).toBe(`${project}/urls`)
    expect((await organization.owner.get(api)).body).toMatchObject({
      redirectUrls: ['https://x.example/a'],
      origins: ['https://x.example'],
    })
    const refused = await browser.post(`${project}/urls`, { redirect_urls: 'ftp://x.example' })
    expect([refused.status, refused.text.includes('Line 1')]).toEqual([422, true])

    expect((await browser.post(`${project}/settings`, { name: 'Renamed' })).status).toBe(303)
    expect((await browser.post(`${project}/settings`, { name: '' })).status).toBe(422)
    expect((await organization.owner.get(api)).body.name).toBe('Renamed')

    expect((await browser.open(`${project}/settings?dialog=disable`)).text).toContain('1 secret key')
    await browser.post(`${project}/disable`, {})
    expect((await world.withBearer(secretKey).get('/v1/backend/application')).status).toBe(409)
    await browser.post(`${project}/enable`, {})
    expect((await world.withBearer(secretKey).get('/v1/backend/application')).status).toBe(200)

    expect((await browser.post(`${project}/delete`, { confirm: 'wrong' })).status).toBe(422)
    expect((await browser.post(`${project}/delete`, { confirm: slug })).headers.location).toBe(
      `${base}/projects`,
    )
    expect((await organization.owner.get(api)).status).toBe(404)
  })
})

describe('roles', () => {
  const pathsOf = ({ slug }: Organization, project: string) => [
    `/auth/console/${slug}/projects`,
    `/auth/console/${slug}/projects/${project}/keys`,
    `/auth/console/${slug}/projects/${project}/urls`,
    `/auth/console/${slug}/projects/${project}/settings`,
  ]
  it.each([
    ['admin', 200, 303],
    ['member', 200, 403],
    ['viewer', 403, 403],
    ['billing', 403, 403],
  ] as const)('%s reads with %i and changes with %i', async (role, reading, changing) => {
    const organization = await world.organization({ plan: 'pro' })
    const { slug } = await world.project(organization)
    const browser = browserOf(await world.member(organization, role))
    for (const path of pathsOf(organization, slug)) {
      const page = await browser.open(path)
      expect(page.status).toBe(reading)
      if (role === 'member') expect(page.text).not.toMatch(/New project|Rotate|sk_live_[0-9a-z]{8}/)
    }
    const base = `/auth/console/${organization.slug}/projects/${slug}`
    expect((await browser.post(`${base}/settings`, { name: 'By role' })).status).toBe(changing)
    expect((await browser.post(`${base}/disable`, {})).status).toBe(changing)
  })

  it('see no dialog that their role may not use', async () => {
    const organization = await world.organization({ plan: 'pro' })
    const { slug } = await world.project(organization)
    const browser = browserOf(await world.member(organization, 'member'))
    const base = `/auth/console/${organization.slug}/projects`
    for (const path of [
      `${base}?dialog=new-project`,
      `${base}/${slug}/keys?dialog=rotate`,
      `${base}/${slug}/settings?dialog=delete`,
    ]) {
      expect((await browser.open(path)).text).not.toContain('<dialog')
    }
  })
})

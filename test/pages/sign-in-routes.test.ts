import { describe, expect, it } from 'vitest'
import { browserless, textOf } from '../support/browserless.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const signUpFields = {
  display_name: 'Ada',
  password: 'a long password of mine',
  organization_name: 'Ada & Co',
}

async function signedUp(email: string) {
  const browser = browserless(world)
  const answer = await browser.submit('/sign-up', '/sign-up', { ...signUpFields, email })
  expect([answer.status, answer.headers.location]).toEqual([303, '/auth/console'])
  return browser
}

describe('/sign-up', () => {
  it('makes the account and leads into the console', async () => {
    const browser = await signedUp('pages1@example.com')
    const entrance = await browser.open('/auth/console')
    expect(entrance.headers.location).toBe('/auth/console/ada-co/projects')
    const projects = await browser.open('/auth/console/ada-co/projects')
    expect(textOf(projects.text, 'title')).toBe('Projects · Ada &amp; Co · Silver Auth')
  })

  it('tells each mistake beside its field and keeps what was typed, never the password', async () => {
    const fields = { display_name: 'Ada', email: 'no address', password: 'short', organization_name: '' }
    const answer = await browserless(world).submit('/sign-up', '/sign-up', fields)
    expect(answer.status).toBe(422)
    for (const id of ['field-email-error', 'field-password-error', 'field-organization-name-error']) {
      expect(answer.text).toContain(`id="${id}"`)
    }
    expect(answer.text).toContain('value="no address"')
    expect(answer.text).not.toContain('short"')
  })

  it('says that an address is taken', async () => {
    await signedUp('pages2@example.com')
    const answer = await browserless(world).submit('/sign-up', '/sign-up', {
      ...signUpFields,
      email: 'PAGES2@example.com',
    })
    expect(answer.status).toBe(422)
    expect(answer.text).toContain('id="field-email-error"')
  })
})

describe('/sign-in', () => {
  it('goes where the person wanted to go, if that is a path of ours', async () => {
    await signedUp('pages3@example.com')
    const fields = { email: 'pages3@example.com', password: signUpFields.password }
    const wanted = '/auth/console/x/projects?dialog=new-project'
    const answer = await browserless(world).submit(
      `/sign-in?redirect_url=${encodeURIComponent(wanted)}`,
      '/sign-in',
      fields,
    )
    expect([answer.status, answer.headers.location]).toEqual([303, wanted])
  })

  it.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/%2F/evil.example',
    'javascript:alert(1)',
    '/\tx',
  ])('ignores %j as a place to go', async (hostile) => {
    await browserless(world).submit('/sign-up', '/sign-up', { ...signUpFields, email: 'pages4@example.com' })
    const browser = browserless(world)
    const page = await browser.open(`/sign-in?redirect_url=${encodeURIComponent(hostile)}`)
    expect(page.text).not.toContain('evil.example')
    const fields = { email: 'pages4@example.com', password: signUpFields.password, redirect_url: hostile }
    const answer = await browser.submit('/sign-in', '/sign-in', fields)
    expect([answer.status, answer.headers.location]).toEqual([303, '/auth/console'])
  })

  it('gives one answer to a wrong password and to an unknown address', async () => {
    await signedUp('pages5@example.com')
    const attempt = (email: string) =>
      browserless(world).submit('/sign-in', '/sign-in', { email, password: 'not the password' })
    const [wrong, unknown] = await Promise.all([attempt('pages5@example.com'), attempt('nobody@example.com')])
    expect([wrong?.status, unknown?.status]).toEqual([401, 401])
    const plain = (html = '') =>
      html.replace(/name="csrf_token" value="[^"]*"/, '').replaceAll(/(pages5|nobody)@/g, '@')
    expect(plain(wrong?.text)).toBe(plain(unknown?.text))
    expect(wrong?.text).toContain('role="alert"')
  })

  it('offers to go on to who is signed in already', async () => {
    const browser = await signedUp('pages6@example.com')
    const page = await browser.open('/sign-in')
    expect(page.status).toBe(200)
    expect(page.text).toContain('pages6@example.com')
    expect((await browser.open('/sign-up')).headers.location).toBe('/sign-in')
  })

  it('signs nobody in without the form of this browser', async () => {
    await signedUp('pages7@example.com')
    const fields = { email: 'pages7@example.com', password: signUpFields.password }
    const stranger = browserless(world)
    const withoutToken = await stranger.post('/sign-in', fields)
    expect(withoutToken.status).toBe(403)
    expect(withoutToken.text).toContain('csrf_rejected')
    const otherSite = await stranger.post('/sign-in', fields, {
      origin: 'https://evil.example',
      'sec-fetch-site': 'cross-site',
    })
    expect(otherSite.status).toBe(403)
    const neither = await stranger.post('/sign-in', fields, {
      origin: undefined,
      'sec-fetch-site': undefined,
    })
    expect(neither.status).toBe(403)
    expect(stranger.cookies.has('seqn_session')).toBe(false)
  })

  it('refuses JSON and other bodies', async () => {
    const answer = await world.anonymous.post('/sign-in', '<x/>', {
      'content-type': 'application/xml',
      'sec-fetch-site': 'same-origin',
    })
    expect(answer.status).toBe(415)
    expect(answer.text).toContain('unsupported_media_type')
  })
})

describe('/sign-out', () => {
  it('ends this session only', async () => {
    const browser = await signedUp('pages8@example.com')
    const other = await world.signIn('pages8@example.com', signUpFields.password)
    const answer = await browser.submit('/sign-out', '/auth/logout', { scope: 'browser' })
    expect(answer.status).toBe(200)
    expect(textOf(answer.text, 'h1')).toBe('You are signed out')
    expect((await browser.open('/auth/console')).headers.location).toBe(
      '/sign-in?redirect_url=%2Fauth%2Fconsole',
    )
    expect((await other.get('/v1/auth/session')).status).toBe(200)
  })

  it('ends every session when asked to', async () => {
    const browser = await signedUp('pages9@example.com')
    const other = await world.signIn('pages9@example.com', signUpFields.password)
    await browser.submit('/sign-out', '/auth/logout', { scope: 'everywhere' })
    expect((await other.get('/v1/auth/session')).status).toBe(401)
  })

  it('asks nothing of who is not signed in', async () => {
    expect(textOf((await browserless(world).open('/sign-out')).text, 'h1')).toBe('You are signed out')
  })
})

describe('/auth-error/:code', () => {
  it('explains the code and names the request', async () => {
    const answer = await browserless(world).open('/auth-error/email_in_use')
    expect(answer.status).toBe(200)
    expect(answer.text).toContain(String(answer.headers['x-request-id']))
    expect(textOf(answer.text, 'h1')).toBe('This address has an account already')
  })

  it('reflects nothing of a code it does not know', async () => {
    const answer = await browserless(world).open('/auth-error/%3Cscript%3Ealert(1)%3C%2Fscript%3E')
    expect(answer.status).toBe(200)
    expect(answer.text).not.toContain('alert(1)')
  })
})

describe('every page', () => {
  it.each(['/sign-in', '/sign-up', '/sign-out', '/auth-error/x'])(
    '%s has a strict policy and is not kept',
    async (path) => {
      const { headers, text } = await browserless(world).open(path)
      const policy = String(headers['content-security-policy'])
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).toContain("require-trusted-types-for 'script'")
      expect(policy).not.toMatch(/unsafe-(inline|eval)/)
      expect(headers['referrer-policy']).toBe('same-origin')
      expect(headers['cache-control']).toBe('no-store')
      expect(text).not.toMatch(/ style=| on[a-z]+=|<script(?![^>]* src=)/)
    },
  )

  it('serves its assets for good', async () => {
    const { text } = await browserless(world).open('/sign-in')
    const css = /href="(\/assets\/main\.[^"]+\.css)"/.exec(text)?.[1] ?? ''
    const answer = await world.anonymous.get(css, { 'accept-encoding': 'br' })
    expect(answer.status).toBe(200)
    expect(answer.headers['cache-control']).toContain('immutable')
    expect(answer.headers['content-encoding']).toBe('br')
  })

  it('keeps the choice of a theme, without scripts too', async () => {
    const browser = browserless(world)
    const answer = await browser.post('/theme', { theme: 'dark', return_to: '/sign-in' })
    expect([answer.status, answer.headers.location]).toEqual([303, '/sign-in'])
    expect((await browser.open('/sign-in')).text).toContain('data-theme="dark"')
    await browser.post('/theme', { theme: 'system', return_to: '//evil.example' })
    expect((await browser.open('/sign-in')).text).not.toContain('data-theme')
  })
})

describe('/', () => {
  it('leads into the console', async () => {
    const answer = await browserless(world).open('/')
    expect([answer.status, answer.headers.location]).toEqual([303, '/auth/console'])
  })
})

describe('forms', () => {
  it('refuse characters that the API refuses', async () => {
    const fields = { ...signUpFields, email: 'nul@example.com', password: 'a long\0 password of mine' }
    const answer = await browserless(world).submit('/sign-up', '/sign-up', fields)
    expect(answer.status).toBe(400)
    expect(answer.text).toContain('invalid_input')
  })

  it('give their cookie to a page that another site leads to, so that two tabs share one token', async () => {
    const page = await browserless(world).open('/sign-in')
    expect(page.headers['set-cookie']?.join()).toMatch(/seqn_form=[^;]+; Path=\/; HttpOnly; SameSite=Lax/)
  })
})

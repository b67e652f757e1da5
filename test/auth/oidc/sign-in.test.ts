import { describe, expect, it } from 'vitest'
import { dump } from '../../support/dump.ts'
import { expectErrorPage, startOidcWorld } from '../../support/oidc-world.ts'
import { anId, aTime } from '../../support/shapes.ts'

const oidc = startOidcWorld()
const { world } = oidc

describe('the first sign-in', () => {
  it('makes user, workspace, owner membership, Free subscription and session', async () => {
    oidc.person({ sub: 'ada', name: 'Ada Lovelace', groups: ['Staff'] })
    const { answer, me, get } = await oidc.signedIn('ada')
    expect(answer.headers.location).toBe('/auth/console')
    expect(me).toEqual({
      user: {
        id: anId('usr'),
        email: 'ada@example.com',
        emailVerified: true,
        name: 'Ada Lovelace',
        avatarUrl: null,
        createdAt: aTime,
      },
      organizations: [
        {
          id: anId('org'),
          slug: 'ada-lovelace',
          name: 'Ada Lovelace',
          role: 'owner',
          subscription: { planKey: 'free', status: 'active' },
        },
      ],
      session: {
        id: anId('ses'),
        createdAt: aTime,
        expiresAt: aTime,
        authMethod: 'oidc',
        aal: 1,
        mfaVerifiedAt: null,
      },
      platformAdmin: false,
    })
    expect((await get('/v1/auth/session')).body.user).toMatchObject({
      is_platform_admin: false,
      auth_method: 'oidc',
    })
    const actions = (await world.auditLog(me.organizations[0].id)).map(({ action }) => action)
    expect(actions).toEqual([
      'user.created',
      'auth.identity.linked',
      'organization.created',
      'member.added',
      'session.created',
      'auth.login',
    ])
  })

  it('names the workspace by the address of who has no name', async () => {
    oidc.person({ sub: 'nameless', email: 'Some.Body@Example.com', name: '' })
    const { me } = await oidc.signedIn('nameless')
    expect([me.user.email, me.user.name, me.organizations[0].name]).toEqual([
      'some.body@example.com',
      null,
      'some.body',
    ])
  })

  it.each([
    ['no address', { email: undefined }],
    ['something that is none', { email: 'not an address' }],
  ])('ends with a page for somebody with %s', async (name, claims) => {
    oidc.provider.people.set(name, { sub: name, ...(claims.email && { email: claims.email }) })
    const { answer } = await oidc.signIn(name)
    expectErrorPage(answer, 400, 'email_missing')
  })
})

describe('a later sign-in', () => {
  it('finds the same person by subject, whatever else has changed, and keeps what is here', async () => {
    const person = oidc.person({ sub: 'grace', name: 'Grace Hopper' })
    const first = await oidc.signedIn('grace')
    oidc.provider.people.set('grace', { ...person, email: 'other@example.com', name: 'Other' })
    const second = await oidc.signedIn('grace')
    expect(second.me.user).toEqual(first.me.user)
    expect(second.me.organizations).toEqual(first.me.organizations)
    expect(second.cookie).not.toBe(first.cookie)
    expect((await first.get('/v1/me')).status).toBe(200)
  })

  it('is refused while the account is disabled', async () => {
    oidc.person({ sub: 'disabled' })
    const { me } = await oidc.signedIn('disabled')
    await world.sql('update users set disabled_at = now() where id = $1', [me.user.id])
    const { answer } = await oidc.signIn('disabled')
    expectErrorPage(answer, 403, 'account_disabled')
    await world.ctx.batches.flush()
    const last = (await world.auditLog(me.organizations[0].id)).at(-1)
    expect([last?.action, last?.target_id]).toEqual(['auth.login.failed', me.user.id])
  })
})

describe('GET /auth/login', () => {
  const begun = async (query = '') => {
    const answer = await oidc.newBrowser().open(`/auth/login${query}`)
    return { answer, url: new URL(answer.headers.location ?? '') }
  }

  it('asks for a code with PKCE S256, state and nonce, and binds them to the browser', async () => {
    const { answer, url } = await begun()
    expect(answer.status).toBe(302)
    expect(url.origin + url.pathname).toBe(`${new URL(oidc.provider.issuer).origin}/application/o/authorize/`)
    const random = expect.stringMatching(/^[\w-]{43}$/)
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: oidc.provider.clientId,
      redirect_uri: 'http://accounts.silver.test/auth/callback',
      scope: 'openid profile email',
      state: random,
      nonce: random,
      code_challenge: random,
      code_challenge_method: 'S256',
    })
    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(/^seqn_oidc=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/),
    ])
    const again = await begun()
    for (const name of ['state', 'nonce', 'code_challenge'])
      expect(again.url.searchParams.get(name)).not.toBe(url.searchParams.get(name))
  })

  it('lets no caller say what is asked', async () => {
    const theirs = {
      prompt: 'none',
      scope: 'openid admin',
      redirect_uri: 'https://evil.example/',
      state: 'theirs',
      nonce: 'theirs',
      client_id: 'theirs',
      response_mode: 'fragment',
      login_hint: 'x',
    }
    const { url } = await begun(`?${new URLSearchParams(theirs)}`)
    for (const value of new Set(Object.values(theirs)))
      expect([...url.searchParams.values()]).not.toContain(value)
    expect(url.searchParams.get('prompt')).toBeNull()
    expect(url.searchParams.get('response_mode')).toBeNull()
  })

  it('asks for a factor again when a step-up is asked for', async () => {
    expect((await begun('?step_up=1')).url.searchParams.get('prompt')).toBe('login')
    expect((await begun('?step_up=2')).url.searchParams.get('prompt')).toBeNull()
  })

  it('comes back to where the person wanted to go', async () => {
    oidc.person({ sub: 'wanderer' })
    const wanted = '/auth/console/x/projects?dialog=new-project&a=%2F'
    const path = `/auth/login?redirect_url=${encodeURIComponent(wanted)}`
    const { answer } = await oidc.signedIn('wanderer', { path })
    expect(answer.headers.location).toBe(wanted)
  })
})

it('keeps no token of the provider but the sealed ID token', async () => {
  oidc.person({ sub: 'sealed' })
  const path = await oidc.callbackPath(oidc.newBrowser(), 'sealed')
  await oidc.signedIn('sealed')
  const code = new URLSearchParams(path.split('?')[1]).get('code') ?? ''
  const tables = JSON.stringify(await dump(world))
  expect(tables).not.toContain('eyJ')
  expect(tables).not.toContain(Buffer.from('eyJ').toString('hex'))
  expect(tables).not.toContain(code)
  expect(world.logLines.join('')).not.toMatch(/eyJ|code=|state=/)
  const [row] = await world.sql<{ length: number }>(
    'select length(sealed_id_token) as length from sessions where subject = $1',
    ['sealed'],
  )
  expect(row?.length).toBeGreaterThan(200)
})

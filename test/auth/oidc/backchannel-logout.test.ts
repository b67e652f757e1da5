import { describe, expect, it, vi } from 'vitest'
import { isActive, makeApp, refresh, signInTo } from '../../support/app-sign-in.ts'
import type { LogoutTokenOptions } from '../../support/identity-provider/identity-provider.ts'
import { startOidcWorld } from '../../support/oidc-world.ts'
import { expectInvalid, expectRefusal } from '../../support/shapes.ts'
import type { Person } from '../../support/world.ts'

const oidc = startOidcWorld()
const { world } = oidc
const now = () => Math.floor(Date.now() / 1000)

const post = (body: string, headers: Record<string, string> = {}) =>
  world.anonymous.call({
    method: 'POST',
    path: '/auth/backchannel-logout',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body,
  })
const send = (token: string) => post(new URLSearchParams({ logout_token: token }).toString())
const lives = async ({ get }: { get: (path: string) => Promise<{ status: number }> }) =>
  (await get('/v1/me')).status === 200
const sidOf = async (id: string) =>
  (await world.sql<{ sid: string }>('select provider_session_id as sid from sessions where id = $1', [id]))[0]
    ?.sid ?? ''

describe('a logout token', () => {
  it('with sid ends that session at once, and no other', async () => {
    oidc.person({ sub: 'sid' })
    const [first, second] = [await oidc.signedIn('sid'), await oidc.signedIn('sid')]
    const sid = await sidOf(first.me.session.id)
    const answer = await send(await oidc.provider.logoutToken({ sub: 'sid', sid }))
    expect([answer.status, answer.text, answer.headers['cache-control']]).toEqual([200, '', 'no-store'])
    expect([await lives(first), await lives(second)]).toEqual([false, true])
    const log = await world.auditLog(first.me.organizations[0].id)
    expect(log.at(-1)).toMatchObject({ action: 'session.revoked', target_id: first.me.session.id })
    expect(log.at(-1)?.details).toContain('provider_logout')
  })

  it('with sid alone does, too', async () => {
    oidc.person({ sub: 'sid-alone' })
    const first = await oidc.signedIn('sid-alone')
    const sid = await sidOf(first.me.session.id)
    expect((await send(await oidc.provider.logoutToken({ sid }))).status).toBe(200)
    expect(await lives(first)).toBe(false)
  })

  it('with sub alone ends all sessions of the person, and nobody else’s', async () => {
    for (const sub of ['sub', 'bystander']) oidc.person({ sub })
    const own = [await oidc.signedIn('sub'), await oidc.signedIn('sub')]
    const other = await oidc.signedIn('bystander')
    const token = await oidc.provider.logoutToken({ claims: { sub: 'sub' } })
    expect((await send(token)).status).toBe(200)
    expect(await Promise.all([...own, other].map(lives))).toEqual([false, false, true])
  })

  it('is sent by the provider itself when somebody signs out there', async () => {
    oidc.person({ sub: 'there' })
    const session = await oidc.signedIn('there')
    expect(await oidc.provider.logout('there')).toEqual([{ status: 200 }])
    expect(await lives(session)).toBe(false)
  })

  it('ends what apps have of the session, and tells their organizations', async () => {
    oidc.person({ sub: 'at-an-app' })
    const session = await oidc.signedIn('at-an-app')
    const project = await makeApp(world, await world.organization())
    const app = await signInTo(world, project, session as unknown as Person)
    expect(await isActive(world, project, app)).toBe(true)
    const sid = await sidOf(session.me.session.id)
    expect((await send(await oidc.provider.logoutToken({ sub: 'at-an-app', sid }))).status).toBe(200)
    expect(await isActive(world, project, app)).toBe(false)
    expect((await refresh(world, project, app.sessionToken)).status).toBe(401)
    expect((await world.events(project.organization.id)).at(-1)).toMatchObject({
      type: 'session.revoked',
      data: { projectId: project.id, reason: 'provider_logout' },
    })
  })

  it('for a session that has ended is accepted', async () => {
    oidc.person({ sub: 'ended' })
    const session = await oidc.signedIn('ended')
    await session.post('/v1/auth/logout')
    expect((await send(await oidc.provider.logoutToken({ sub: 'ended' }))).status).toBe(200)
  })

  it('of another issuer’s person touches nobody here', async () => {
    oidc.person({ sub: 'issuer' })
    const session = await oidc.signedIn('issuer')
    await world.sql(`update sessions set issuer = 'https://other.example/' where id = $1`, [
      session.me.session.id,
    ])
    expect((await send(await oidc.provider.logoutToken({ sub: 'issuer' }))).status).toBe(200)
    expect(await lives(session)).toBe(true)
  })
})

describe('is refused, and ends nothing', () => {
  const wrong: [string, LogoutTokenOptions][] = [
    ['signed by a stranger', { signedBy: 'stranger' }],
    ['unsigned', { signedBy: 'nobody' }],
    ['signed with the client secret', { signedBy: 'secret' }],
    ['of an ID token’s type', { header: { typ: 'JWT' } }],
    ['of no type', { header: { typ: undefined } }],
    ['for another client', { claims: { aud: 'another-client' } }],
    ['of another issuer', { claims: { iss: 'https://issuer.example/' } }],
    ['expired', { claims: { iat: now() - 300, exp: now() - 60 } }],
    ['without an end', { claims: { exp: undefined } }],
    ['without a time of issue', { claims: { iat: undefined } }],
    ['of the future', { claims: { iat: now() + 600, exp: now() + 900 } }],
    ['hours old', { claims: { iat: now() - 7_200, exp: now() + 900 } }],
    ['with a nonce', { claims: { nonce: 'x' } }],
    ['without an event', { claims: { events: undefined } }],
    ['with another event', { claims: { events: { 'https://event.example': {} } } }],
    [
      'with an event that is a text',
      { claims: { events: { 'http://schemas.openid.net/event/backchannel-logout': '' } } },
    ],
    ['without jti', { claims: { jti: undefined } }],
    ['with an empty jti', { claims: { jti: '' } }],
    ['about nobody', { sub: undefined as never, claims: { sub: undefined, sid: undefined } }],
    ['about a number', { claims: { sub: 42 } }],
    ['with an unknown kid', { header: { kid: 'unknown' } }],
  ]

  it.each(wrong)('%s', async (name, options) => {
    oidc.person({ sub: name })
    const session = await oidc.signedIn(name)
    const token = await oidc.provider.logoutToken({ sub: name, ...options })
    expectInvalid(await send(token), 'logout_token')
    expect(await lives(session)).toBe(true)
  })

  it('sent again', async () => {
    oidc.person({ sub: 'replayed' })
    await oidc.signedIn('replayed')
    const token = await oidc.provider.logoutToken({ claims: { sub: 'replayed' } })
    expect((await send(token)).status).toBe(200)
    const after = await oidc.signedIn('replayed')
    expectInvalid(await send(token), 'logout_token')
    expect(await lives(after)).toBe(true)
  })

  it('sent fifteen times at once works once', async () => {
    oidc.person({ sub: 'flood' })
    await oidc.signedIn('flood')
    const token = await oidc.provider.logoutToken({ sub: 'flood' })
    const answers = await Promise.all(Array.from({ length: 15 }, () => send(token)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(14).fill(400)])
  })

  it('an ID token, or anything else', async () => {
    for (const text of ['', 'x', 'a.b.c', 'eyJ.eyJ.', '\0', 'a'.repeat(16_000)])
      expectInvalid(await send(text), 'logout_token')
    expectRefusal(await post('{}', { 'content-type': 'text/plain' }), 'unsupported_media_type')
    expect((await post('')).status).toBe(400)
    expect((await post('logout_token=a&logout_token=b')).status).toBe(400)
    expect((await world.anonymous.get('/auth/backchannel-logout')).status).toBe(405)
  })
})

it('asks for keys again when one is unknown, at most once a minute', async () => {
  const asked = () => oidc.provider.requests.filter(({ path }) => path.endsWith('/jwks/')).length
  await send(await oidc.provider.logoutToken({ sub: 'x' }))
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    const before = asked()
    await oidc.provider.rotateKey()
    const token = () => oidc.provider.logoutToken({ claims: { sub: 'x' } })
    for (let n = 0; n < 3; n++) expect((await send(await token())).status).toBe(400)
    expect(asked()).toBe(before)
    vi.setSystemTime(Date.now() + 61_000)
    expect((await send(await token())).status).toBe(200)
    expect(asked()).toBe(before + 1)
  } finally {
    vi.useRealTimers()
  }
})

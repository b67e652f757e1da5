import { beforeAll, expect, it } from 'vitest'
import { newId } from '../../src/lib/ids.ts'
import {
  type AppSession,
  callback,
  continuePath,
  departure,
  exchange,
  goOn,
  isActive,
  makeApp,
  refresh,
  revoke,
  signInTo,
  verify,
} from '../support/app-sign-in.ts'
import { dump, rowsAbout } from '../support/dump.ts'
import { documentedRoutes, filled } from '../support/routes.ts'
import { expectRefusal } from '../support/shapes.ts'
import { type Organization, type Person, type Project, startWorld } from '../support/world.ts'

const world = startWorld()

/** The attacker has an organization, keys and a redirect URL of their own; the victim has a home with a project. */
let attacker: Organization
let hostile: Project
let home: Organization
let shop: Project
let victim: Person

beforeAll(async () => {
  attacker = await world.organization({ plan: 'pro' })
  hostile = await makeApp(world, attacker)
})

async function newVictim() {
  home = await world.organization({ name: 'A secret employer' })
  shop = await makeApp(world, home)
  victim = home.owner
}

const rowsOf = async (...ids: string[]) => rowsAbout(await dump(world), ids)

it('gets no code and learns nothing of a person who did not press Continue', async () => {
  await newVictim()
  const before = await rowsOf(victim.id, victim.email, home.id)
  const left = departure(hostile)
  const asked = await victim.get(left.path)
  expect(asked.status).toBe(200)
  expect(asked.headers.location).toBeUndefined()
  // What a page of the attacker can make the victim's browser do.
  const body = new URLSearchParams({
    ...(left.query as Record<string, string>),
    user_id: victim.id,
  }).toString()
  const crossSite = { 'sec-fetch-site': 'cross-site', origin: 'https://app.customer.test' }
  const tries = [
    {
      method: 'POST',
      path: continuePath,
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...crossSite },
    },
    { method: 'POST', path: continuePath, body, headers: { 'content-type': 'text/plain', ...crossSite } },
    { method: 'GET', path: left.path, headers: crossSite },
    { method: 'GET', path: `/sign-in?${left.search}`, headers: crossSite },
    { method: 'GET', path: `${left.path}&user_id=${victim.id}`, headers: crossSite },
  ]
  for (const one of tries) {
    const { headers } = await victim.call(one)
    expect(String(headers.location ?? '')).not.toContain('code=')
    expect(String(headers.location ?? '')).not.toContain('app.customer.test/')
    expect(headers['access-control-allow-origin']).toBeUndefined()
  }
  expect(await rowsOf(victim.id, victim.email, home.id)).toEqual(before)
  expect((await victim.get('/v1/me/grants')).body.data).toEqual([])
})

it('cannot send a person to itself with another project’s key, nor take that project’s code', async () => {
  await newVictim()
  const evil = 'https://evil.example/steal'
  const theirs = await makeApp(world, attacker, { redirectUrls: [evil, callback] })
  expect((await victim.get(departure(shop, { redirect_url: evil }).path)).status).toBe(400)
  const left = departure(shop)
  const code = new URL((await victim.get(left.path)).headers.location ?? '').searchParams.get('code') ?? ''
  const body = { code, codeVerifier: left.codeVerifier, redirectUrl: callback }
  expect((await exchange(world, theirs, body)).status).toBe(400)
  const backend = world.withBearer(theirs.secretKey)
  expect((await backend.post('/v1/backend/sessions/exchange', body)).status).toBe(400)
  const withoutVerifier = { ...body, codeVerifier: departure(shop).codeVerifier }
  expect((await exchange(world, shop, withoutVerifier)).status, 'who saw the code only').toBe(400)
})

it('can do nothing with what it gets but ask who the person is', async () => {
  await newVictim()
  const session = await signInTo(world, hostile, victim)
  const before = await rowsOf(victim.id, victim.email, home.id)
  const ids = {
    org: home.id,
    project: shop.id,
    key: newId('key'),
    session: (await victim.get('/v1/auth/session')).body.user.session_id,
    projectSession: (await victim.get('/v1/me/project-sessions')).body.data[0].id,
    user: victim.id,
    id: victim.id,
  }
  const routes = (await documentedRoutes(world)).filter(
    ({ audience }) => !['public', 'identity', 'client'].includes(audience),
  )
  expect(routes.length).toBeGreaterThan(25)
  const admitted: string[] = []
  for (const { name, method, path, example } of routes) {
    for (const org of [home.id, attacker.id, attacker.slug]) {
      const credentials = [
        { authorization: `Bearer ${session.accessToken}` },
        { authorization: `Bearer ${session.sessionToken}` },
        { cookie: `seqn_session=${session.sessionToken}` },
        { cookie: `seqn_session=${session.accessToken}` },
        { cookie: `seqn_session=${session.sessionToken}`, authorization: `Bearer ${session.accessToken}` },
        { authorization: `Bearer ${session.accessToken}`, 'x-seqn-publishable-key': hostile.publishableKey },
      ]
      for (const headers of credentials) {
        const answer = await world.anonymous.call({
          method,
          path: filled(path, { ...ids, org }),
          headers,
          body: example,
        })
        if (answer.status < 400) admitted.push(`${name} ${headers.authorization ? 'bearer' : 'cookie'}`)
        else expect([400, 401, 403, 404], `${name} ${answer.status}`).toContain(answer.status)
      }
    }
  }
  expect([...new Set(admitted)]).toEqual(['GET /v1/me bearer'])
  expect(await rowsOf(victim.id, victim.email, home.id), 'and nothing has changed').toEqual(before)
  expect((await victim.get('/v1/me')).status).toBe(200)
})

it('is refused with the same token at first-party routes, and by every other key', async () => {
  await newVictim()
  const { accessToken, sessionToken } = await signInTo(world, hostile, victim)
  for (const token of [accessToken, sessionToken]) {
    const bearer = world.withBearer(token)
    for (const path of [
      '/v1/users/me',
      '/v1/auth/session',
      '/v1/orgs',
      `/v1/orgs/${attacker.id}`,
      '/v1/me/grants',
    ])
      expectRefusal(await bearer.get(path), 'authentication_required')
    expect((await verify(world, shop, token)).body).toEqual({ active: false })
  }
  expectRefusal(await refresh(world, shop, sessionToken), 'authentication_required')
  const page = await world.withBearer(accessToken).get('/auth/console')
  expect([page.status, page.headers.location?.split('?')[0]]).toEqual([303, '/sign-in'])
})

it('learns of no other organization, nor of a sign-in elsewhere', async () => {
  await newVictim()
  const session = await signInTo(world, hostile, victim)
  await signInTo(world, shop, victim)
  const seen = [
    session,
    (await refresh(world, hostile, session.sessionToken)).body,
    (await world.withBearer(session.accessToken).get('/v1/me')).body,
    (await verify(world, hostile, session.accessToken)).body,
    (await attacker.owner.get(`/v1/orgs/${attacker.id}/sessions`)).body,
    await world.events(attacker.id),
    Buffer.from(session.accessToken.split('.')[1] ?? '', 'base64url').toString(),
  ]
  const text = JSON.stringify(seen)
  for (const secret of [home.id, home.slug, 'A secret employer', shop.id, shop.slug])
    expect(text).not.toContain(secret)
})

it('ends with revoke its own session only, also when it shows other tokens', async () => {
  await newVictim()
  const session = await signInTo(world, hostile, victim)
  const elsewhere = await signInTo(world, shop, victim)
  for (const token of [elsewhere.sessionToken, elsewhere.accessToken, victim.cookie, victim.accessToken])
    expect((await revoke(world, hostile, token)).status).toBe(204)
  expect((await revoke(world, hostile, session.sessionToken)).status).toBe(204)
  expect(await isActive(world, shop, elsewhere)).toBe(true)
  expect((await victim.get('/v1/me')).status).toBe(200)
})

it('keeps nothing once the person takes the grant back, whatever it hoarded', async () => {
  await newVictim()
  const hoard: AppSession[] = []
  for (let i = 0; i < 3; i++) hoard.push(await signInTo(world, hostile, victim))
  const left = departure(hostile)
  const code = new URL((await goOn(victim, left)).headers.location ?? '').searchParams.get('code')
  await victim.delete(`/v1/me/grants/${hostile.id}`)
  for (const session of hoard) {
    expect(await isActive(world, hostile, session)).toBe(false)
    expect((await refresh(world, hostile, session.sessionToken)).status).toBe(401)
    expect((await world.withBearer(session.accessToken).get('/v1/me')).status).toBe(401)
  }
  const body = { code, codeVerifier: left.codeVerifier, redirectUrl: callback }
  expect((await exchange(world, hostile, body)).status).toBe(400)
  expect((await victim.get(departure(hostile).path)).status, 'the next time it must ask').toBe(200)
})

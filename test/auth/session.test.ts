import { expect, it } from 'vitest'
import { permissionsOf, type Role } from '../../src/roles.ts'
import { anId, expectRefusal } from '../support/shapes.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/v1/auth/session'

it.each([['cookie'], ['access token']])('tells who is signed in, by %s', async (credential) => {
  const { owner, id } = await world.organization()
  const answer = await (credential === 'cookie' ? owner : world.withBearer(owner.accessToken)).get(path)
  expect(answer.status).toBe(200)
  expect(answer.body).toEqual({
    user: {
      user_id: owner.id,
      organization_id: id,
      email: owner.email,
      display_name: null,
      is_platform_admin: false,
      auth_method: 'password',
      session_id: anId('ses'),
      mfa_verified_at: null,
    },
    capabilities: { role: 'owner', permissions: [...permissionsOf.owner] },
  })
})

it.each(Object.keys(permissionsOf) as Role[])('tells what a role may do as it is now: %s', async (role) => {
  const { owner, id } = await world.organization()
  await world.sql('update memberships set role = $2 where organization_id = $1', [id, role])
  const { body } = await owner.get(path)
  expect(body.capabilities).toEqual({ role, permissions: [...permissionsOf[role]] })
})

it('tells of no organization to who was removed from the active one', async () => {
  const { owner, id } = await world.organization()
  await world.sql('delete from memberships where organization_id = $1', [id])
  const { body } = await owner.get(path)
  expect(body.user.organization_id).toBeNull()
  expect(body.capabilities).toEqual({ role: null, permissions: [] })
})

it.each([
  ['nothing', {}],
  ['an unknown token', { cookie: `seqn_session=${'A'.repeat(43)}` }],
  ['a short token', { cookie: 'seqn_session=abc' }],
  ['an empty Authorization', { authorization: '' }],
  ['another scheme', { authorization: 'Basic YTpi' }],
  ['no token', { authorization: 'Bearer' }],
  ['a text that is no token', { authorization: 'Bearer not-a-jwt' }],
])('is 401 with %s', async (_kind, headers) => {
  expectRefusal(await world.anonymous.get(path, headers), 'authentication_required')
})

it('takes no token from the query or a body, nor an access token as a cookie or a cookie as a bearer', async () => {
  const { owner } = await world.organization()
  for (const name of ['token', 'access_token', 'seqn_session', 'session_token']) {
    expect((await world.anonymous.get(`${path}?${name}=${owner.cookie}`)).status).toBe(401)
    expect((await world.anonymous.get(`${path}?${name}=${owner.accessToken}`)).status).toBe(401)
    const body = { [name]: owner.cookie }
    expect((await world.anonymous.post('/v1/auth/refresh', body)).status).toBe(401)
  }
  expect((await world.withCookie(owner.accessToken).get(path)).status).toBe(401)
  expect((await world.withBearer(owner.cookie).get(path)).status).toBe(401)
  expect((await owner.get(path)).status).toBe(200)
})

it('refuses a cookie name that occurs twice, whichever of them is good', async () => {
  const { owner } = await world.organization()
  const good = `seqn_session=${owner.cookie}`
  const planted = `seqn_session=${'A'.repeat(43)}`
  const cookies = [`${good}; ${planted}`, `${planted}; ${good}`, `${good}; ${good}`, `seqn_session=; ${good}`]
  for (const cookie of [...cookies, [good, planted]]) {
    expect((await world.anonymous.get(path, { cookie })).status).toBe(401)
  }
  expect((await world.anonymous.get(path, { cookie: `a=1; ${good}; xseqn_session=2` })).status).toBe(200)
})

it('ends at once for a person who is disabled', async () => {
  const { owner } = await world.organization()
  await world.sql('update users set disabled_at = now() where id = $1', [owner.id])
  expectRefusal(await owner.get(path), 'authentication_required')
  expectRefusal(await world.withBearer(owner.accessToken).get(path), 'authentication_required')
  expectRefusal(await owner.post('/v1/auth/refresh'), 'authentication_required')
})

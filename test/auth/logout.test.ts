import { expect, it } from 'vitest'
import { expectRefusal } from '../support/shapes.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/v1/auth/logout'
const cleared = [
  'seqn_session=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax',
]

it('ends the session for cookie and access token on the next request, and clears the cookie', async () => {
  const { owner, id } = await world.organization()
  const other = await world.signIn(owner.email)
  const { session_id } = (await owner.get('/v1/auth/session')).body.user
  const answer = await owner.post(path)
  expect(answer.status).toBe(204)
  expect(answer.text).toBe('')
  expect(answer.headers['set-cookie']).toHaveLength(1)
  expect(answer.headers['set-cookie']?.[0]).toMatch(/^seqn_session=;/)
  expect(new Set(answer.headers['set-cookie']?.[0]?.split('; '))).toEqual(new Set(cleared[0]?.split('; ')))
  expectRefusal(await owner.get('/v1/auth/session'), 'authentication_required')
  expectRefusal(await world.withBearer(owner.accessToken).get('/v1/me'), 'authentication_required')
  expect((await other.get('/v1/auth/session')).status).toBe(200)

  expect((await world.events(id)).at(-1)).toMatchObject({
    type: 'session.revoked',
    data: { id: session_id, userId: owner.id, reason: 'signed_out' },
  })
  expect(
    (await world.auditLog(id))
      .slice(-2)
      .map(({ action, actor_id, target_id }) => [action, actor_id, target_id]),
  ).toEqual([
    ['session.revoked', owner.id, session_id],
    ['auth.logout', owner.id, session_id],
  ])
})

it('takes an access token for its session', async () => {
  const { owner } = await world.organization()
  expect((await world.withBearer(owner.accessToken).post(path)).status).toBe(204)
  expectRefusal(await owner.get('/v1/auth/session'), 'authentication_required')
})

it.each([
  ['without a session', {}],
  ['with a cookie of nobody', { cookie: `seqn_session=${'A'.repeat(43)}` }],
  ['with garbage', { cookie: 'seqn_session=%00', authorization: 'Bearer x.y.z' }],
])('answers 204 %s too', async (_kind, headers) => {
  const answer = await world.anonymous.post(path, undefined, headers)
  expect(answer.status).toBe(204)
  expect(answer.headers['set-cookie']?.[0]).toMatch(/^seqn_session=;/)
})

it('is refused from another site', async () => {
  const { owner } = await world.organization()
  expectRefusal(await owner.post(path, undefined, { 'sec-fetch-site': 'cross-site' }), 'csrf_rejected')
  expect((await owner.get('/v1/auth/session')).status).toBe(200)
})

import { expect, it } from 'vitest'
import { cookieOf } from '../support/http.ts'
import { expectInvalid, expectRefusal } from '../support/shapes.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/v1/auth/reauthenticate'

it('gives power for 30 minutes under a new token; the old one is dead at once', async () => {
  const { owner, id } = await world.organization()
  const { session_id } = (await owner.get('/v1/auth/session')).body.user
  await world.sql("update sessions set authenticated_at = now() - interval '31 minutes' where id = $1", [
    session_id,
  ])
  const answer = await owner.post(path, { password: owner.password })
  expect(answer.status).toBe(200)
  expect(answer.body).toEqual({ access_token: expect.any(String), expires_in: 900 })
  const next = world.withCookie(cookieOf(answer) ?? '')
  expectRefusal(await owner.get('/v1/auth/session'), 'authentication_required')
  expect((await next.get('/v1/auth/session')).body.user.session_id).toBe(session_id)
  expect(
    await world.sql(
      "select authenticated_at > now() - interval '1 minute' as fresh from sessions where id = $1",
      [session_id],
    ),
  ).toEqual([{ fresh: true }])
  expect((await world.auditLog(id)).at(-1)).toMatchObject({
    action: 'auth.reauthenticated',
    actor_id: owner.id,
    target_id: session_id,
  })
})

it('refuses a wrong password with 400 and keeps the token', async () => {
  const { owner } = await world.organization()
  const answer = await owner.post(path, { password: 'not-the-password' })
  expectInvalid(answer, 'password')
  expect(answer.headers['set-cookie']).toBeUndefined()
  expect((await owner.get('/v1/auth/session')).status).toBe(200)
})

it('has a budget per person, shared with changing the password, and apart from signing in', async () => {
  const { owner } = await world.organization()
  const change = { current_password: 'not-the-password', new_password: 'another-long-password' }
  for (let i = 0; i < 3; i++)
    expectInvalid(await owner.post(path, { password: 'not-the-password' }), 'password')
  for (let i = 0; i < 2; i++)
    expectInvalid(await owner.post('/v1/users/me/password', change), 'current_password')
  const refused = await owner.post(path, { password: owner.password })
  expectRefusal(refused, 'rate_limited')
  expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1)
  expectRefusal(await owner.post('/v1/users/me/password', change), 'rate_limited')
  const signedIn = await world.signIn(owner.email)
  expectRefusal(await signedIn.post(path, { password: owner.password }), 'rate_limited')
  await world.sql('update guess_locks set locked_until = now()')
  expect((await owner.post(path, { password: owner.password })).status).toBe(200)
})

it('is 401 for nobody and 400 without a password', async () => {
  const { owner } = await world.organization()
  expectRefusal(await world.anonymous.post(path, { password: owner.password }), 'authentication_required')
  expectInvalid(await owner.post(path, {}), 'password')
})

import { expect, it } from 'vitest'
import { anId, aTime, expectRefusal } from '../../support/shapes.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()
const path = '/v1/auth/sessions'

it('shows my live sessions, newest first, and which one asks', async () => {
  const { owner } = await world.organization()
  await world.organization()
  const laptop = { 'user-agent': 'Laptop/1' }
  await world.caller(laptop).post('/v1/auth/login', { email: owner.email, password: owner.password })
  const answer = await owner.get(path)
  expect(answer.status).toBe(200)
  const shown = {
    session_id: anId('ses'),
    auth_method: 'password',
    aal: 1,
    ip_address: '127.0.0.1',
    created_at: aTime,
    last_seen_at: aTime,
    expires_at: aTime,
  }
  expect(answer.body).toEqual([
    { ...shown, user_agent: 'Laptop/1', is_current: false },
    { ...shown, user_agent: null, is_current: true },
  ])
  const [newest] = answer.body
  expect(Date.parse(newest.expires_at) - Date.parse(newest.created_at)).toBe(30 * 86_400_000)
})

it('leaves out what has ended', async () => {
  const { owner } = await world.organization()
  const ended = [
    'revoked_at = now()',
    'expires_at = now()',
    "last_seen_at = now() - interval '7 days 1 second'",
  ]
  for (const change of ended) {
    const { id } = await world.signIn(owner.email)
    await world.sql(
      `update sessions set ${change} where id = (select max(sessions.id) from sessions where user_id = $1)`,
      [id],
    )
  }
  expect((await owner.get(path)).body).toHaveLength(1)
})

it('is 401 for nobody', async () => {
  expectRefusal(await world.anonymous.get(path), 'authentication_required')
})

import { expect, it } from 'vitest'
import { expectInvalid, expectRefusal } from '../support/shapes.ts'
import { whileLocked } from '../support/while-locked.ts'
import { type Person, startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/v1/users/me/password'
const change = (person: Person, more: Record<string, unknown> = {}) =>
  person.post(path, { current_password: person.password, new_password: 'another-long-password', ...more })
const signInWith = async (person: Person, password: string) =>
  (await world.anonymous.post('/v1/auth/login', { email: person.email, password })).status
const isSignedIn = async (person: Person) => (await person.get('/v1/auth/session')).status === 200

it.each([[{}], [{ sign_out_other_sessions: null }], [{ sign_out_other_sessions: true }]])(
  'changes the password, ends every other session, and says both: %j',
  async (more) => {
    const { owner, id } = await world.organization()
    const other = await world.signIn(owner.email)
    const { session_id } = (await other.get('/v1/auth/session')).body.user
    const answer = await change(owner, more)
    expect(answer.status).toBe(204)
    expect(await signInWith(owner, owner.password)).toBe(401)
    expect(await signInWith(owner, 'another-long-password')).toBe(200)
    expect(await isSignedIn(owner)).toBe(true)
    expect(await isSignedIn(other)).toBe(false)
    expectRefusal(await world.withBearer(other.accessToken).get('/v1/me'), 'authentication_required')
    const rows = (await world.auditLog(id)).filter((row) => row.request_id === answer.headers['x-request-id'])
    expect(rows.map(({ action, actor_id, target_id }) => [action, actor_id, target_id])).toEqual([
      ['session.revoked', owner.id, session_id],
      ['auth.password.changed', owner.id, owner.id],
    ])
  },
)

it('leaves the other sessions where asked', async () => {
  const { owner } = await world.organization()
  const other = await world.signIn(owner.email)
  expect((await change(owner, { sign_out_other_sessions: false })).status).toBe(204)
  expect(await isSignedIn(other)).toBe(true)
})

it('refuses a wrong current password', async () => {
  const { owner } = await world.organization()
  expectInvalid(await change(owner, { current_password: 'not-the-password' }), 'current_password')
  expect(await signInWith(owner, owner.password)).toBe(200)
})

it('wants a sign-in of the last 30 minutes, which a step-up is', async () => {
  const { owner } = await world.organization()
  const age = (minutes: number) =>
    world.sql('update sessions set authenticated_at = now() - make_interval(mins => $2) where user_id = $1', [
      owner.id,
      minutes,
    ])
  await age(31)
  expectRefusal(await change(owner), 'reauthentication_required')
  expect(await signInWith(owner, owner.password)).toBe(200)
  await age(29)
  expect((await change(owner)).status).toBe(204)
})

it.each([
  ['short', { new_password: 'elevenchars' }, 'new_password'],
  ['common', { new_password: 'qwertyuiop123' }, 'new_password'],
  ['long', { new_password: 'abc'.repeat(86) }, 'new_password'],
  ['missing', { new_password: undefined }, 'new_password'],
  ['missing', { current_password: undefined }, 'current_password'],
  ['text for a flag', { sign_out_other_sessions: 'yes' }, 'sign_out_other_sessions'],
])('names the field that it cannot accept: %s', async (_kind, more, field) => {
  const { owner } = await world.organization()
  expectInvalid(await change(owner, more), field)
  expect(await signInWith(owner, owner.password)).toBe(200)
})

it('lets the first of two changes at once win; the second was proven by a password that is none any more', async () => {
  const { owner } = await world.organization()
  const lock = {
    statement: 'select from password_credentials where user_id = $1 for update',
    values: [owner.id],
  }
  const answers = await whileLocked(world, lock, () => [
    change(owner, { new_password: 'the-first-long-password' }),
    change(owner, { new_password: 'the-second-long-password' }),
  ])
  expect(answers.map(({ status }) => status).sort()).toEqual([204, 400])
  const winner = answers[0]?.status === 204 ? 'the-first-long-password' : 'the-second-long-password'
  expect(await signInWith(owner, winner)).toBe(200)
})

it('is 401 for nobody', async () => {
  const body = { current_password: 'a', new_password: 'another-long-password' }
  expectRefusal(await world.anonymous.post(path, body), 'authentication_required')
})

import { describe, expect, it } from 'vitest'
import { cookieOf } from '../../support/http.ts'
import { accept, expire, makeInvitation, membersOf } from '../../support/invitations.ts'
import { expectInvalid, expectRefusal } from '../../support/shapes.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()
let count = 0
const account = () => ({ email: `new${++count}@example.com`, password: 'a long password of mine' })
const accountsOf = (email: string) => world.sql('select id from users where email = $1', [email])

it('makes an account and a member of it, signed in, with no other organization', async () => {
  const organization = await world.organization()
  const { token } = await makeInvitation(organization, { role: 'admin' })
  const { email, password } = account()
  const events = (await world.events(organization.id)).length
  const answer = await accept(world.anonymous, token, { email, password, display_name: 'Grace' })
  expect(answer.status).toBe(201)
  expect(answer.body).toMatchObject({
    status: 'success',
    user: { email, display_name: 'Grace', organization_id: organization.id, auth_method: 'password' },
    capabilities: { role: 'admin' },
    access_token: expect.any(String),
  })
  const me = await world.withCookie(cookieOf(answer) ?? '').get('/v1/me')
  expect(me.body.user).toMatchObject({ email, emailVerified: false })
  expect(me.body.organizations.map(({ id, role }: { id: string; role: string }) => [id, role])).toEqual([
    [organization.id, 'admin'],
  ])
  expect((await world.events(organization.id)).slice(events).map(({ type }) => type)).toEqual([
    'user.created',
    'member.added',
    'invitation.accepted',
    'session.created',
  ])
  expect((await world.signIn(email, password)).id).toBe(answer.body.user.user_id)
})

it('ends the session that the browser had', async () => {
  const { token } = await makeInvitation(await world.organization())
  const before = (await world.organization()).owner
  expect((await accept(before, token, account())).status).toBe(201)
  expect((await before.get('/v1/auth/session')).status).toBe(401)
})

describe('leaves nothing behind', () => {
  it('where the address is taken', async () => {
    const organization = await world.organization()
    const { token } = await makeInvitation(organization)
    const { email } = (await world.organization()).owner
    const answer = await accept(world.anonymous, token, { ...account(), email: email.toUpperCase() })
    expectRefusal(answer, 'conflict', [{ path: 'email', message: 'is taken' }])
    expect(Object.keys(await membersOf(world, organization))).toHaveLength(1)
    expect((await accept(world.anonymous, token, account())).status).toBe(201)
  })

  // The link is handed over, not mailed: who has it proved no address by that.
  it('where the invitation names an address, even the one that is given', async () => {
    const organization = await world.organization()
    const { email, password } = account()
    const { token } = await makeInvitation(organization, { email })
    const answer = await accept(world.anonymous, token, { email, password })
    expectRefusal(answer, 'forbidden')
    expect(answer.body.error.message).toContain('Sign in to an account that has verified it')
    expect(await accountsOf(email)).toEqual([])
  })

  it('where the link is dead, the plan full, or the subscription over', async () => {
    const organization = await world.organization()
    const expired = await makeInvitation(organization)
    await expire(world, expired)
    const several = await makeInvitation(organization, { maxUses: 9 })
    const single = await makeInvitation(organization)
    await makeInvitation(organization)
    const person = account()
    const attempt = (token: string) => accept(world.anonymous, token, person)
    expectRefusal(await attempt(expired.token), 'conflict', [{ path: 'token', message: 'has expired' }])
    expectRefusal(await attempt('A'.repeat(43)), 'not_found')
    expectRefusal(await attempt(several.token), 'subscription_limit_exceeded')
    await world.sql(`update subscriptions set status = 'expired' where organization_id = $1`, [
      organization.id,
    ])
    expectRefusal(await attempt(single.token), 'subscription_inactive')
    expect(await accountsOf(person.email)).toEqual([])
  })
})

it.each([
  [{ password: 'short' }, 'password'],
  [{ password: 'Password12345' }, 'password'],
  [{ email: 'nobody' }, 'email'],
  [{ display_name: '' }, 'display_name'],
])('refuses what a sign-up refuses: %j', async (more, path) => {
  const { token } = await makeInvitation(await world.organization())
  expectInvalid(await accept(world.anonymous, token, { ...account(), ...more }), path)
})

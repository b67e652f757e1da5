import { expect, it } from 'vitest'
import { newId } from '../../src/lib/ids.ts'
import { isActive, makeApp, signInTo } from '../support/app-sign-in.ts'
import { expectRefusal } from '../support/shapes.ts'
import { whileLocked } from '../support/while-locked.ts'
import { type Person, startWorld } from '../support/world.ts'

const world = startWorld()
const pathOf = (id: string) => `/v1/platform/users/${id}`
const act = (admin: Person, id: string, what: 'disable' | 'enable') => admin.post(`${pathOf(id)}/${what}`)
const entries = async (stream: string) =>
  (await world.auditLog(stream)).map(({ action, actor_id, target_id }) => [action, actor_id, target_id])

it('ends every session on the very next request, and those of projects, and signs in no more', async () => {
  const admin = await world.platformAdmin()
  const organization = await world.organization()
  const app = await makeApp(world, organization)
  const { owner } = await world.organization()
  const another = await world.signIn(owner.email)
  const session = await signInTo(world, app, owner)
  const callers = [owner, another, world.withBearer(owner.accessToken)]
  for (const caller of callers) expect((await caller.get('/v1/me')).status).toBe(200)
  expect(await isActive(world, app, session)).toBe(true)

  const answer = await act(admin, owner.id, 'disable')
  expect(answer.status).toBe(200)
  expect(answer.body).toMatchObject({ id: owner.id, disabledAt: expect.any(String) })
  for (const caller of callers) expectRefusal(await caller.get('/v1/me'), 'authentication_required')
  expect(await isActive(world, app, session)).toBe(false)
  const wrong = await world.anonymous.post('/v1/auth/login', {
    email: owner.email,
    password: 'not it, surely',
  })
  const right = await world.anonymous.post('/v1/auth/login', { email: owner.email, password: owner.password })
  expectRefusal(right, 'authentication_required')
  expect(right.body.error.message, 'as for a wrong password').toBe(wrong.body.error.message)

  expect((await act(admin, owner.id, 'enable')).body).toMatchObject({ id: owner.id, disabledAt: null })
  for (const caller of callers) expectRefusal(await caller.get('/v1/me'), 'authentication_required')
  expect((await (await world.signIn(owner.email)).get('/v1/me')).status).toBe(200)
})

it('tells the person’s organizations, and puts on record who did it', async () => {
  const admin = await world.platformAdmin()
  const organization = await world.organization()
  const { owner } = organization
  const before = {
    here: (await entries(organization.id)).length,
    platform: (await entries('platform')).length,
  }
  const events = (await world.events(organization.id)).length
  await act(admin, owner.id, 'disable')
  await act(admin, owner.id, 'enable')
  const told = (await world.events(organization.id)).slice(events)
  const data = { id: owner.id, email: owner.email, emailVerified: false, name: null }
  expect(told.map((event) => [event.type, event.data])).toEqual([
    ['user.disabled', { ...data, disabled: true }],
    ['session.revoked', { id: expect.any(String), userId: owner.id, reason: 'user_disabled' }],
    ['user.updated', { ...data, disabled: false, previous: { disabled: true } }],
  ])
  expect((await entries(organization.id)).slice(before.here)).toEqual(
    ['user.disabled', 'session.revoked', 'user.updated'].map((action) => [
      action,
      admin.id,
      expect.any(String),
    ]),
  )
  expect((await entries('platform')).slice(before.platform)).toEqual([
    ['platform.user.disabled', admin.id, owner.id],
    ['platform.user.enabled', admin.id, owner.id],
  ])
})

it('changes nothing a second time', async () => {
  const admin = await world.platformAdmin()
  const { id, owner } = await world.organization()
  expect((await act(admin, owner.id, 'enable')).status, 'of somebody who is not disabled').toBe(200)
  const disabled = (await act(admin, owner.id, 'disable')).body
  const before = [await entries(id), await entries('platform')]
  expect((await act(admin, owner.id, 'disable')).body).toEqual(disabled)
  expect([await entries(id), await entries('platform')]).toEqual(before)
})

it('leaves no session behind that begins at the same moment', async () => {
  const admin = await world.platformAdmin()
  const { owner } = await world.organization()
  const lock = { statement: 'select from users where id = $1 for update', values: [owner.id] }
  const signIn = () =>
    world.anonymous.post('/v1/auth/login', { email: owner.email, password: owner.password })
  for (const requests of [
    () => [signIn(), act(admin, owner.id, 'disable')],
    () => [act(admin, owner.id, 'disable'), signIn()],
  ]) {
    await whileLocked(world, lock, requests)
    const left = await world.sql('select id from sessions where user_id = $1 and revoked_at is null', [
      owner.id,
    ])
    expect(left).toEqual([])
    await act(admin, owner.id, 'enable')
  }
})

it('refuses platform admins themselves, and what is nobody', async () => {
  const admin = await world.platformAdmin()
  expectRefusal(await act(admin, admin.id, 'disable'), 'conflict')
  expect((await admin.get('/v1/me')).status).toBe(200)
  for (const id of [newId('usr'), newId('org'), 'x', '%00'])
    for (const what of ['disable', 'enable'] as const) expectRefusal(await act(admin, id, what), 'not_found')
})

it('ends the power of another platform admin', async () => {
  const [admin, other] = [await world.platformAdmin(), await world.platformAdmin()]
  await act(admin, other.id, 'disable')
  expectRefusal(await act(other, admin.id, 'disable'), 'authentication_required')
})

it('is for platform admins, and for nobody’s other site', async () => {
  const { owner } = await world.organization()
  const victim = (await world.organization()).owner
  for (const what of ['disable', 'enable'] as const) {
    expectRefusal(await act(owner, victim.id, what), 'platform_admin_required')
    expectRefusal(await world.anonymous.post(`${pathOf(victim.id)}/${what}`), 'authentication_required')
  }
  const admin = await world.platformAdmin()
  const crossSite = { 'sec-fetch-site': 'cross-site' }
  expectRefusal(await admin.post(`${pathOf(victim.id)}/disable`, undefined, crossSite), 'csrf_rejected')
  expect((await victim.get('/v1/me')).status).toBe(200)
})

import { expect, it } from 'vitest'
import {
  arrival,
  departure,
  exchange,
  exchangeFor,
  goOn,
  isActive,
  makeApp,
  signInTo,
} from '../../support/app-sign-in.ts'
import { expectRefusal } from '../../support/shapes.ts'
import { whileLocked } from '../../support/while-locked.ts'
import { type Organization, type Person, startWorld } from '../../support/world.ts'

const world = startWorld()
const sessionOf = async (person: Person) =>
  (await person.get('/v1/auth/session')).body.user.session_id as string
const revoke = ({ id, owner }: Organization, session: string, by: Person = owner) =>
  by.delete(`/v1/orgs/${id}/sessions/${session}`)

it('refuses the session here on the very next request, by cookie and by token, and nowhere else', async () => {
  const organization = await world.organization()
  const member = await world.member(organization, 'admin')
  const home = (await member.get('/v1/orgs')).body.data.find(
    ({ id }: { id: string }) => id !== organization.id,
  )
  const bearer = world.withBearer(member.accessToken)
  for (const caller of [member, bearer])
    expect((await caller.get(`/v1/orgs/${organization.id}/projects`)).status).toBe(200)
  const before = await world.auditLog(home.id)
  const answer = await revoke(organization, await sessionOf(member))
  expect([answer.status, answer.text]).toEqual([204, ''])
  for (const caller of [member, bearer]) {
    for (const path of ['', '/projects', '/sessions'])
      expectRefusal(await caller.get(`/v1/orgs/${organization.slug}${path}`), 'authentication_required')
    expect((await caller.get(`/v1/orgs/${home.id}/projects`)).status).toBe(200)
    expect((await caller.get('/v1/me')).status).toBe(200)
  }
  expect(await world.auditLog(home.id), 'no other organization hears of it').toEqual(before)
})

it('lets the person in again with another sign-in', async () => {
  const organization = await world.organization()
  const member = await world.member(organization, 'viewer')
  await member.get(`/v1/orgs/${organization.id}`)
  await revoke(organization, await sessionOf(member))
  expectRefusal(await member.get(`/v1/orgs/${organization.id}`), 'authentication_required')
  const again = await world.signIn(member.email)
  expect((await again.get(`/v1/orgs/${organization.id}`)).status).toBe(200)
})

it('sends the console’s visitor to sign in again, not around in a circle', async () => {
  const organization = await world.organization()
  const member = await world.member(organization, 'member')
  const path = `/auth/console/${organization.slug}/projects`
  expect((await member.get(path)).status).toBe(200)
  await revoke(organization, await sessionOf(member))
  const answer = await member.get(path)
  expect(answer.status).toBe(303)
  expect(answer.headers.location).toBe(`/sign-in?redirect_url=${encodeURIComponent(path)}&prompt=login`)
  const page = await member.get(answer.headers.location ?? '')
  expect(page.status).toBe(200)
  expect(page.text).toContain('name="password"')
})

it('ends the sessions of its projects, and of no other’s', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const elsewhere = await makeApp(world, await world.organization())
  const [one, two] = [await makeApp(world, organization), await makeApp(world, organization)]
  const { owner: person } = await world.organization()
  const here = [await signInTo(world, one, person), await signInTo(world, two, person)]
  const there = await signInTo(world, elsewhere, person)
  const another = await world.signIn(person.email)
  const ofAnother = await signInTo(world, one, another)
  expect((await revoke(organization, await sessionOf(person))).status).toBe(204)
  expect(await isActive(world, one, here[0] as never)).toBe(false)
  expect(await isActive(world, two, here[1] as never)).toBe(false)
  expect(await isActive(world, elsewhere, there)).toBe(true)
  expect(await isActive(world, one, ofAnother), 'another session of the person goes on').toBe(true)
  expect((await person.get('/v1/me')).status).toBe(200)
  const told = (await world.events(organization.id)).filter(({ type }) => type === 'session.revoked')
  expect(told.map(({ data }) => data.reason)).toEqual(Array(3).fill('revoked_by_organization'))
  expect(told[0]?.data).toEqual({
    id: await sessionOf(person),
    userId: person.id,
    reason: 'revoked_by_organization',
  })
  const row = (await world.auditLog(organization.id)).find(({ action }) => action === 'session.revoked')
  expect(row).toMatchObject({ actor_id: organization.owner.id, target_id: await sessionOf(person) })
})

it('gives that session no code for its projects any more, and takes none from before', async () => {
  const organization = await world.organization()
  const project = await makeApp(world, organization)
  const { owner: person } = await world.organization()
  await signInTo(world, project, person)
  const early = await exchangeFor(person, project)
  await revoke(organization, await sessionOf(person))
  expect((await exchange(world, project, early)).status).toBe(400)
  const refused = await goOn(person, departure(project))
  expect(refused.status).toBe(303)
  expect(refused.headers.location).toMatch(/^\/sign-in\?redirect_url=.*&prompt=login$/)
  const again = await world.signIn(person.email)
  expect(arrival(await goOn(again, departure(project))).code).not.toBe('')
})

it('leaves no project session behind that begins at the same moment', async () => {
  const organization = await world.organization()
  const project = await makeApp(world, organization)
  const { owner: person } = await world.organization()
  await signInTo(world, project, person)
  const body = await exchangeFor(person, project)
  const session = await sessionOf(person)
  const lock = {
    statement: 'select from session_organizations where session_id = $1 for update',
    values: [session],
  }
  await whileLocked(world, lock, () => [revoke(organization, session), exchange(world, project, body)])
  const left = await world.sql(
    'select id from project_sessions where session_id = $1 and revoked_at is null',
    [session],
  )
  expect(left).toEqual([])
})

it('ends the session itself where the person belongs to no other organization', async () => {
  const organization = await world.organization()
  const other = await world.signIn(organization.owner.email)
  await other.get(`/v1/orgs/${organization.id}`)
  const session = await sessionOf(other)
  expect((await revoke(organization, session)).status).toBe(204)
  expectRefusal(await other.get('/v1/me'), 'authentication_required')
  expect((await organization.owner.get('/v1/me')).status).toBe(200)
  const told = (await world.events(organization.id)).filter(({ type }) => type === 'session.revoked')
  expect(told.map(({ data }) => data)).toEqual([
    { id: session, userId: organization.owner.id, reason: 'revoked' },
  ])
})

it('never ends the sign-in of somebody who is no member', async () => {
  const organization = await world.organization()
  const project = await makeApp(world, organization)
  const { owner: person, id } = await world.organization()
  const session = await signInTo(world, project, person)
  await world.sql('delete from memberships where organization_id = $1', [id])
  expect((await revoke(organization, await sessionOf(person))).status).toBe(204)
  expect(await isActive(world, project, session)).toBe(false)
  expect((await person.get('/v1/me')).status).toBe(200)
})

it('knows no session that was never here, has ended, or is no id', async () => {
  const organization = await world.organization()
  const stranger = (await world.organization()).owner
  const member = await world.member(organization, 'viewer')
  for (const session of [await sessionOf(stranger), await sessionOf(member), 'ses_x', 'x', '%00'])
    expectRefusal(await revoke(organization, session), 'not_found')
  await member.get(`/v1/orgs/${organization.id}`)
  expect((await revoke(organization, await sessionOf(member))).status).toBe(204)
  expectRefusal(await revoke(organization, await sessionOf(member)), 'not_found')
})

it('is for owners and admins', async () => {
  const organization = await world.organization()
  await organization.owner.get(`/v1/orgs/${organization.id}`)
  const session = await sessionOf(organization.owner)
  for (const role of ['billing', 'member', 'viewer'] as const) {
    const by = await world.member(organization, role)
    expectRefusal(await revoke(organization, session, by), 'admin_required')
  }
  expect((await organization.owner.get(`/v1/orgs/${organization.id}`)).status).toBe(200)
})

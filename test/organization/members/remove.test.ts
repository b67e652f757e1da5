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
import { personThrough, worldThrough } from '../../support/replica.ts'
import { startService } from '../../support/service.ts'
import { aTime, expectRefusal } from '../../support/shapes.ts'
import { untilWaiting, whileLocked } from '../../support/while-locked.ts'
import { type Organization, type Person, startWorld } from '../../support/world.ts'

const world = startWorld()

const remove = ({ id }: Organization, by: Person, whose: Person | string) =>
  by.delete(`/v1/orgs/${id}/members/${typeof whose === 'string' ? whose : whose.id}`)

const organizationsOf = async (person: Person) =>
  (await person.get('/v1/me')).body.organizations.map(({ id }: { id: string }) => id)

it('ends access on the next request: routes, /v1/me, project sessions and codes that were given before', async () => {
  const organization = await world.organization()
  const project = await makeApp(world, organization)
  const member = await world.member(organization, 'admin')
  const session = await signInTo(world, project, member)
  const early = await exchangeFor(member, project)
  const bearer = world.withBearer(member.accessToken)
  for (const caller of [member, bearer])
    expect((await caller.get(`/v1/orgs/${organization.id}`)).status).toBe(200)
  expect(await organizationsOf(member)).toContain(organization.id)
  expect(await isActive(world, project, session)).toBe(true)

  const answer = await remove(organization, organization.owner, member)
  expect([answer.status, answer.text]).toEqual([204, ''])
  for (const caller of [member, bearer])
    expectRefusal(await caller.get(`/v1/orgs/${organization.slug}/projects`), 'not_found')
  expect(await organizationsOf(member)).not.toContain(organization.id)
  expect(await isActive(world, project, session)).toBe(false)
  expectRefusal(await world.withBearer(session.accessToken).get('/v1/me'), 'authentication_required')
  expect((await exchange(world, project, early)).status).toBe(400)
  expect((await member.get('/v1/me')).status, 'the sign-in itself goes on').toBe(200)
  expect((await member.get(departure(project).path)).status, 'and a project asks like a stranger').toBe(200)
})

it('signs out of the projects also who granted them access before being a member', async () => {
  const organization = await world.organization()
  const project = await makeApp(world, organization)
  const { owner: person } = await world.organization()
  const session = await signInTo(world, project, person)
  await world.sql(`insert into memberships values ('mem_granted', $1, $2, 'viewer')`, [
    organization.id,
    person.id,
  ])
  expect((await remove(organization, organization.owner, person)).status).toBe(204)
  expect(await isActive(world, project, session)).toBe(false)
})

it('ends access on another replica, too', async () => {
  const organization = await world.organization()
  const project = await makeApp(world, organization)
  const member = await world.member(organization, 'member')
  const session = await signInTo(world, project, member)
  const service = await startService(world.database)
  try {
    const replica = worldThrough(world, service)
    const there = personThrough(replica, member)
    expect(await organizationsOf(there)).toContain(organization.id)
    expect(await isActive(replica, project, session)).toBe(true)
    expect((await remove(organization, organization.owner, member)).status).toBe(204)
    expectRefusal(await there.get(`/v1/orgs/${organization.id}`), 'not_found')
    await service.hearChanges()
    expect(await organizationsOf(there)).not.toContain(organization.id)
    expect(await isActive(replica, project, session)).toBe(false)
  } finally {
    await service.stop()
  }
})

it('tells events and the audit log who was removed and which sessions ended', async () => {
  const organization = await world.organization()
  const project = await makeApp(world, organization)
  const member = await world.member(organization, 'member')
  await signInTo(world, project, member)
  const answer = await remove(organization, organization.owner, member)
  const [ended, removed] = [...(await world.events(organization.id))].slice(-2).reverse()
  expect(removed).toMatchObject({ type: 'member.removed' })
  expect(removed?.data).toEqual({
    userId: member.id,
    email: member.email,
    name: null,
    role: 'member',
    joinedAt: aTime,
    reason: 'removed',
  })
  expect(ended).toMatchObject({ type: 'session.revoked', data: { reason: 'member_removed' } })
  const rows = (await world.auditLog(organization.id)).slice(-2)
  expect(rows.map(({ action, actor_id, target_id }) => [action, actor_id, target_id])).toEqual([
    ['member.removed', organization.owner.id, member.id],
    ['session.revoked', organization.owner.id, ended?.data.id],
  ])
  expect(rows[0]?.request_id).toBe(answer.headers['x-request-id'])
})

it('lets everybody leave, whatever their role, and the last owner never', async () => {
  const organization = await world.organization()
  for (const role of ['owner', 'admin', 'billing', 'member', 'viewer'] as const) {
    const person = await world.member(organization, role)
    expect((await remove(organization, person, person)).status, role).toBe(204)
    expectRefusal(await person.get(`/v1/orgs/${organization.id}`), 'not_found')
    const [event] = (await world.events(organization.id))
      .filter(({ type }) => type === 'member.removed')
      .slice(-1)
    expect(event?.data).toMatchObject({ userId: person.id, role, reason: 'left' })
    expectRefusal(await remove(organization, person, person), 'not_found')
  }
  expectRefusal(await remove(organization, organization.owner, organization.owner), 'last_owner')
  expect((await organization.owner.get(`/v1/orgs/${organization.id}`)).status).toBe(200)
})

it('leaves a person without any organization, who can still sign in and begin anew', async () => {
  const organization = await world.organization()
  const person = await world.member(organization, 'owner')
  expect((await remove(organization, organization.owner, organization.owner)).status).toBe(204)
  const again = await world.signIn(organization.owner.email)
  expect((await again.get('/v1/auth/session')).body.capabilities).toEqual({ role: null, permissions: [] })
  expect((await again.post('/v1/orgs', { name: 'Anew' })).status).toBe(201)
  expect((await person.get(`/v1/orgs/${organization.id}`)).status).toBe(200)
})

it('lets admins remove all but owners, and nobody else anybody', async () => {
  const organization = await world.organization()
  const admin = await world.member(organization, 'admin')
  for (const role of ['admin', 'billing', 'member', 'viewer'] as const)
    expect((await remove(organization, admin, await world.member(organization, role))).status).toBe(204)
  expectRefusal(await remove(organization, admin, organization.owner), 'forbidden')
  for (const role of ['billing', 'member', 'viewer'] as const) {
    const person = await world.member(organization, role)
    expectRefusal(await remove(organization, person, admin), 'admin_required')
    expectRefusal(await remove(organization, person, 'usr_x'), 'admin_required')
  }
})

it('works whatever became of the subscription', async () => {
  const organization = await world.organization()
  const member = await world.member(organization, 'viewer')
  await world.sql(`update subscriptions set status = 'inactive' where organization_id = $1`, [
    organization.id,
  ])
  expect((await remove(organization, organization.owner, member)).status).toBe(204)
})

it('knows nobody who is no member', async () => {
  const organization = await world.organization()
  const stranger = (await world.organization()).owner
  for (const whose of [stranger.id, 'usr_x', 'x', '%00'])
    expectRefusal(await remove(organization, organization.owner, whose), 'not_found')
})

it.each([0, 1])(
  'leaves no project session behind that begins at the same moment, order %i',
  async (first) => {
    const organization = await world.organization()
    const project = await makeApp(world, organization)
    const member = await world.member(organization, 'member')
    const body = await exchangeFor(member, project)
    const lock = {
      statement: 'select from memberships where organization_id = $1 for update',
      values: [organization.id],
    }
    const removal = () => remove(organization, organization.owner, member)
    const beginning = () => exchange(world, project, body)
    await whileLocked(world, lock, () => {
      const [one, other] = first === 0 ? [removal, beginning] : [beginning, removal]
      return [one(), untilWaiting(world, 1).then(other)]
    })
    const left = await world.sql(
      'select id from project_sessions where user_id = $1 and revoked_at is null',
      [member.id],
    )
    expect(left).toEqual([])
  },
)

it('does not count for whoever asked while being removed', async () => {
  const organization = await world.organization()
  const admin = await world.member(organization, 'admin')
  const victim = await world.member(organization, 'viewer')
  const lock = {
    statement: 'select from subscriptions where organization_id = $1 for update',
    values: [organization.id],
  }
  const [removed, late] = await whileLocked(world, lock, () => {
    const first = remove(organization, organization.owner, admin)
    return [first, untilWaiting(world, 1).then(() => remove(organization, admin, victim))]
  })
  expect(removed?.status).toBe(204)
  expectRefusal(late as never, 'not_found')
  expect((await victim.get(`/v1/orgs/${organization.id}`)).status).toBe(200)
})

it('comes back with a new invitation as if nothing had been', async () => {
  const organization = await world.organization()
  const project = await makeApp(world, organization)
  const member = await world.member(organization, 'admin')
  await member.get(`/v1/orgs/${organization.id}`)
  await remove(organization, organization.owner, member)
  await world.sql(`insert into memberships values ('mem_again', $1, $2, 'viewer')`, [
    organization.id,
    member.id,
  ])
  expect((await member.get(`/v1/orgs/${organization.id}`)).body.role).toBe('viewer')
  expect(arrival(await goOn(member, departure(project))).code).not.toBe('')
})

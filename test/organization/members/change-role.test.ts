import { expect, it } from 'vitest'
import { type Role, roleCovers, roles } from '../../../src/roles.ts'
import { expectInvalid, expectRefusal } from '../../support/shapes.ts'
import { type Organization, type Person, startWorld } from '../../support/world.ts'

const world = startWorld()

const change = ({ id }: Organization, by: Person, whose: Person | string, role: unknown) =>
  by.patch(`/v1/orgs/${id}/members/${typeof whose === 'string' ? whose : whose.id}`, { role })

const roleOf = async (organization: Organization, { id }: Person) => {
  const [row] = await world.sql<{ role: Role }>(
    'select role from memberships where organization_id = $1 and user_id = $2',
    [organization.id, id],
  )
  return row?.role
}

const setRole = (organization: Organization, { id }: Person, role: Role) =>
  world.sql('update memberships set role = $3 where organization_id = $1 and user_id = $2', [
    organization.id,
    id,
    role,
  ])

it('changes a role, counts on the next request, and tells events and audit log before and after', async () => {
  const organization = await world.organization()
  const member = await world.member(organization, 'viewer')
  expectRefusal(await member.get(`/v1/orgs/${organization.id}/projects`), 'forbidden')
  const answer = await change(organization, organization.owner, member, 'admin')
  expect(answer.status).toBe(200)
  const shown = (await organization.owner.get(`/v1/orgs/${organization.id}/members`)).body.data[0]
  expect(answer.body).toEqual(shown)
  expect(shown).toMatchObject({ userId: member.id, role: 'admin' })
  expect((await member.get(`/v1/orgs/${organization.id}/projects`)).status).toBe(200)
  const mine = (await member.get('/v1/me')).body.organizations
  expect(mine.find(({ id }: { id: string }) => id === organization.id).role).toBe('admin')
  const { userId, email, name, role, joinedAt } = shown
  const data = { userId, email, name, role, joinedAt }
  const [event] = (await world.events(organization.id)).slice(-1)
  expect(event).toMatchObject({ type: 'member.role_changed' })
  expect(event?.data).toEqual({ ...data, previous: { role: 'viewer' } })
  const [row] = (await world.auditLog(organization.id)).slice(-1)
  expect(row).toMatchObject({
    action: 'member.role_changed',
    actor_id: organization.owner.id,
    target_id: member.id,
    request_id: answer.headers['x-request-id'],
  })
  expect(JSON.parse(row?.details ?? '')).toMatchObject({ data, previous: { role: 'viewer' } })
})

it('tells nobody of a role that somebody has already', async () => {
  const organization = await world.organization()
  const member = await world.member(organization, 'viewer')
  const before = await world.auditLog(organization.id)
  const answer = await change(organization, organization.owner, member, 'viewer')
  expect([answer.status, answer.body.role]).toEqual([200, 'viewer'])
  expect(await world.auditLog(organization.id)).toEqual(before)
})

it('lets nobody give, take or keep from others a role that carries more than their own', async () => {
  const organization = await world.organization()
  const admin = await world.member(organization, 'admin')
  const target = await world.member(organization, 'viewer')
  for (const from of roles) {
    for (const to of roles) {
      await setRole(organization, target, from)
      const answer = await change(organization, admin, target, to)
      const isAllowed = roleCovers('admin', from) && roleCovers('admin', to)
      expect(isAllowed).toBe(from !== 'owner' && to !== 'owner')
      if (isAllowed) expect([from, to, answer.status]).toEqual([from, to, 200])
      else expectRefusal(answer, 'forbidden')
      expect(await roleOf(organization, target)).toBe(isAllowed ? to : from)
    }
  }
})

it('lets nobody raise their own', async () => {
  const organization = await world.organization()
  for (const role of roles) {
    if (role === 'owner') continue
    const member = await world.member(organization, role)
    for (const higher of roles) {
      if (roleCovers(role, higher)) continue
      expect((await change(organization, member, member, higher)).status, `${role} ${higher}`).toBe(403)
      expect(await roleOf(organization, member)).toBe(role)
    }
  }
})

it('lets an admin step down', async () => {
  const organization = await world.organization()
  const admin = await world.member(organization, 'admin')
  expect((await change(organization, admin, admin, 'viewer')).status).toBe(200)
  expectRefusal(await change(organization, admin, admin, 'admin'), 'admin_required')
})

it('hands ownership over: the new owner is made, then the old one steps down', async () => {
  const organization = await world.organization()
  const { owner } = organization
  const heir = await world.member(organization, 'admin')
  expectRefusal(await change(organization, owner, owner, 'admin'), 'last_owner')
  expect((await change(organization, owner, heir, 'owner')).body.role).toBe('owner')
  expect((await change(organization, owner, owner, 'admin')).body.role).toBe('admin')
  expectRefusal(await change(organization, owner, heir, 'admin'), 'forbidden')
  expectRefusal(await change(organization, heir, heir, 'admin'), 'last_owner')
})

it('wants a recent sign-in of who makes an owner, and of nobody else', async () => {
  const organization = await world.organization()
  const { owner } = organization
  const member = await world.member(organization, 'viewer')
  await world.sql(`update sessions set authenticated_at = now() - interval '31 minutes' where user_id = $1`, [
    owner.id,
  ])
  expectRefusal(await change(organization, owner, member, 'owner'), 'reauthentication_required')
  expect((await change(organization, owner, member, 'admin')).status).toBe(200)
  const again = await world.signIn(owner.email)
  expect((await change(organization, again, member, 'owner')).status).toBe(200)
})

it('counts no owner who cannot sign in', async () => {
  const organization = await world.organization()
  const disabled = await world.member(organization, 'owner')
  await world.sql('update users set disabled_at = now() where id = $1', [disabled.id])
  expectRefusal(await change(organization, organization.owner, organization.owner, 'viewer'), 'last_owner')
})

it('only narrows without a live subscription', async () => {
  const organization = await world.organization()
  const member = await world.member(organization, 'member')
  await world.sql(`update subscriptions set status = 'expired' where organization_id = $1`, [organization.id])
  expectRefusal(await change(organization, organization.owner, member, 'admin'), 'subscription_inactive')
  expectRefusal(await change(organization, organization.owner, member, 'billing'), 'subscription_inactive')
  expect((await change(organization, organization.owner, member, 'viewer')).status).toBe(200)
})

it('knows only the roles there are, and only members', async () => {
  const organization = await world.organization()
  const stranger = (await world.organization()).owner
  const member = await world.member(organization, 'viewer')
  for (const role of ['root', '', 'Owner', 'toString', 7, null, undefined, ['admin']])
    expectInvalid(await change(organization, organization.owner, member, role), 'role')
  for (const whose of [stranger.id, 'usr_x', 'x', '%00', member.email])
    expectRefusal(await change(organization, organization.owner, whose, 'admin'), 'not_found')
})

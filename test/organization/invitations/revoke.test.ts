import { expect, it } from 'vitest'
import { system } from '../../../src/actors.ts'
import { change } from '../../../src/change/change.ts'
import { endInvitationsBeyond } from '../../../src/features/invitations/revoke.ts'
import { newId } from '../../../src/lib/ids.ts'
import type { Role } from '../../../src/roles.ts'
import { expire, invitationsPath, makeInvitation } from '../../support/invitations.ts'
import { expectRefusal } from '../../support/shapes.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()

it('ends an invitation and says so to everybody who hears of it', async () => {
  const organization = await world.organization()
  const { owner } = organization
  const { path, id, shown } = await makeInvitation(organization)
  expect((await owner.delete(path)).status).toBe(204)
  const { invitedBy: _, ...facts } = shown
  expect((await world.events(organization.id)).at(-1)).toMatchObject({
    type: 'invitation.revoked',
    data: { ...facts, status: 'revoked', reason: 'revoked' },
  })
  const { body } = await owner.get(`${invitationsPath(organization)}?status=revoked`)
  expect(body.data).toEqual([{ ...shown, status: 'revoked' }])
  expectRefusal(await owner.delete(path), 'conflict')
  expect(
    (await world.events(organization.id)).filter(({ type }) => type === 'invitation.revoked'),
  ).toHaveLength(1)
  expectRefusal(await owner.delete(`${invitationsPath(organization)}/${newId('inv')}`), 'not_found')
  expect(id).toBe(body.data[0].id)
})

it('leaves one that was used up as it is', async () => {
  const organization = await world.organization()
  const { path, id } = await makeInvitation(organization)
  await world.sql(`update invitations set uses = 1, status = 'accepted' where id = $1`, [id])
  expectRefusal(await organization.owner.delete(path), 'conflict')
})

it('works while the subscription is not alive, also on one that has expired', async () => {
  const organization = await world.organization()
  const open = await makeInvitation(organization)
  const expired = await makeInvitation(organization)
  await expire(world, expired)
  await world.sql(`update subscriptions set status = 'cancelled' where organization_id = $1`, [
    organization.id,
  ])
  for (const { path } of [open, expired]) expect((await organization.owner.delete(path)).status).toBe(204)
})

it('ends with a role what was given out by it', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const admin = await world.member(organization, 'admin')
  const other = await makeInvitation(organization)
  const made = []
  for (const role of ['admin', 'member'])
    made.push((await admin.post(invitationsPath(organization), { role })).body.invitation.id)
  const revoked = async () =>
    (await organization.owner.get(`${invitationsPath(organization)}?status=revoked`)).body.data.map(
      ({ id }: { id: string }) => id,
    )
  const lose = (role: Role | undefined) =>
    change.silent(world.ctx, system('test'), 'a role that still suffices ends nothing', (tx, record) =>
      endInvitationsBeyond(tx, record, { organizationId: organization.id, userId: admin.id, role }),
    )
  await lose('admin')
  expect(await revoked()).toEqual([])
  await lose('member')
  expect(await revoked()).toEqual(made.reverse())
  expect(await revoked()).not.toContain(other.id)
  expect((await world.events(organization.id)).at(-1)).toMatchObject({
    type: 'invitation.revoked',
    data: { reason: 'inviter_lost_role' },
  })
})

import { describe, expect, it } from 'vitest'
import { newId } from '../../../src/lib/ids.ts'
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

describe('a member who may not invite any more', () => {
  async function invitations() {
    const organization = await world.organization({ plan: 'pro' })
    const admin = await world.member(organization, 'admin')
    const other = await makeInvitation(organization)
    const made: string[] = []
    for (const role of ['admin', 'member']) {
      const answer = await admin.post(invitationsPath(organization), { role })
      made.unshift(answer.body.invitation.id)
    }
    const { owner } = organization
    const idsOf = async (status: string) =>
      (await owner.get(`${invitationsPath(organization)}?status=${status}`)).body.data.map(
        ({ id }: { id: string }) => id,
      )
    const member = `/v1/orgs/${organization.id}/members/${admin.id}`
    const last = async () => (await world.events(organization.id)).at(-1)
    return { owner, member, made, other: other.id, idsOf, last }
  }
  const ended = { type: 'invitation.revoked', data: { status: 'revoked', reason: 'inviter_lost_role' } }

  it('takes along what they gave out, and nobody else’s', async () => {
    const { owner, member, made, other, idsOf, last } = await invitations()
    expect((await owner.patch(member, { role: 'member' })).status).toBe(200)
    expect(await idsOf('revoked')).toEqual(made)
    expect(await idsOf('pending')).toEqual([other])
    expect(await last()).toMatchObject(ended)
  })

  it('takes it along when they leave', async () => {
    const { owner, member, made, idsOf, last } = await invitations()
    expect((await owner.delete(member)).status).toBe(204)
    expect(await idsOf('revoked')).toEqual(made)
    expect(await last()).toMatchObject(ended)
  })

  it('leaves what the role that is left still covers', async () => {
    const { owner, member, made, other, idsOf } = await invitations()
    await owner.patch(member, { role: 'owner' })
    await owner.patch(member, { role: 'admin' })
    expect(await idsOf('pending')).toEqual([...made, other].sort().reverse())
  })
})

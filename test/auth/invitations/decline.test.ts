import { expect, it } from 'vitest'
import {
  accept,
  decline,
  expire,
  invitationsPath,
  makeInvitation,
  verifyAddress,
} from '../../support/invitations.ts'
import { expectRefusal } from '../../support/shapes.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()
const stranger = async () => (await world.organization()).owner

it('ends an invitation for one person, whose place is free then', async () => {
  const organization = await world.organization()
  const grace = await stranger()
  const { token, shown } = await makeInvitation(organization)
  await makeInvitation(organization)
  expect((await decline(grace, token)).status).toBe(204)
  const { invitedBy: _, ...facts } = shown
  expect((await world.events(organization.id)).at(-1)).toMatchObject({
    type: 'invitation.revoked',
    data: { ...facts, status: 'revoked', reason: 'declined' },
  })
  expect((await world.auditLog(organization.id)).at(-1)?.actor_id).toBe(grace.id)
  const withdrawn = [{ path: 'token', message: 'was withdrawn' }]
  expectRefusal(await accept(grace, token), 'conflict', withdrawn)
  expectRefusal(await decline(grace, token), 'conflict', withdrawn)
  await makeInvitation(organization)
})

it('is for whom it names only', async () => {
  const organization = await world.organization()
  const [grace, mallory] = [await stranger(), await stranger()]
  const { token } = await makeInvitation(organization, { email: grace.email })
  await verifyAddress(world, mallory)
  expectRefusal(await decline(mallory, token), 'forbidden')
  expectRefusal(await decline(grace, token), 'forbidden')
  expectRefusal(await decline(world.anonymous, token), 'authentication_required')
  await verifyAddress(world, grace)
  expect((await decline(grace, token)).status).toBe(204)
})

it('takes nothing from the others whom a link is for', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const link = await makeInvitation(organization, { maxUses: 2 })
  expectRefusal(await decline(await stranger(), link.token), 'conflict')
  expect((await accept(await stranger(), link.token)).status).toBe(200)
})

it('knows no token that is dead', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const grace = await stranger()
  const [expired, renewed] = [await makeInvitation(organization), await makeInvitation(organization)]
  await expire(world, expired)
  await organization.owner.post(`${renewed.path}/resend`)
  const over = [{ path: 'token', message: 'has expired' }]
  expectRefusal(await decline(grace, expired.token), 'conflict', over)
  for (const token of [renewed.token, 'A'.repeat(43), 'x'])
    expectRefusal(await decline(grace, token), 'not_found')
  const { body } = await organization.owner.get(`${invitationsPath(organization)}?status=revoked`)
  expect(body.data).toEqual([])
})

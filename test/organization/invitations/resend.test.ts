import { expect, it } from 'vitest'
import { expire, invitationsPath, makeInvitation, tokenOf } from '../../support/invitations.ts'
import { expectInvalid, expectRefusal } from '../../support/shapes.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()
const hashes = (id: string) => world.sql('select token_hash from invitations where id = $1', [id])

it('gives another link and time, and the link before is dead', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const admin = await world.member(organization, 'admin')
  const { path, id, token, shown } = await makeInvitation(organization)
  const before = await hashes(id)
  const answer = await admin.post(`${path}/resend`, { expiresInDays: 30 })
  expect(answer.status).toBe(200)
  expect(answer.headers['cache-control']).toBe('no-store')
  const { invitation, url } = answer.body
  expect(tokenOf(url)).not.toBe(token)
  expect(tokenOf(url)).toHaveLength(43)
  expect(await hashes(id)).not.toEqual(before)
  const days = (Date.parse(invitation.expiresAt) - Date.parse(invitation.createdAt)) / 86_400_000
  expect(Math.floor(days)).toBe(30)
  // Whoever renews it vouches for it.
  const invitedBy = { id: admin.id, email: admin.email, name: null }
  expect(invitation).toEqual({ ...shown, invitedBy, expiresAt: invitation.expiresAt })
  expect((await world.auditLog(organization.id)).at(-1)).toMatchObject({
    action: 'invitation.resent',
    actor_id: admin.id,
    target_id: id,
  })
  const week = await admin.post(`${path}/resend`)
  expect(Date.parse(week.body.invitation.expiresAt)).toBeLessThan(Date.parse(invitation.expiresAt))
})

it('brings an expired one back, not one that was revoked or used up', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const { owner } = organization
  const expired = await makeInvitation(organization, { email: 'late@example.com' })
  await expire(world, expired)
  expect((await owner.post(`${expired.path}/resend`)).body.invitation).toMatchObject({ status: 'pending' })
  await owner.delete(expired.path)
  expectRefusal(await owner.post(`${expired.path}/resend`), 'conflict')
  const used = await makeInvitation(organization)
  await world.sql(`update invitations set uses = 1, status = 'accepted' where id = $1`, [used.id])
  expectRefusal(await owner.post(`${used.path}/resend`), 'conflict')
})

it('brings none back for an address that has another, or is a member by now', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const { owner } = organization
  const email = (await world.organization()).owner.email
  const expired = await makeInvitation(organization, { email })
  await expire(world, expired)
  const other = await makeInvitation(organization, { email })
  const again = () => owner.post(`${expired.path}/resend`)
  expectRefusal(await again(), 'conflict', [{ path: 'email', message: 'has an invitation already' }])
  await owner.delete(other.path)
  expect((await again()).status).toBe(200)
  await world.sql(`insert into memberships select 'mem_late', $1, id, 'member' from users where email = $2`, [
    organization.id,
    email,
  ])
  expectRefusal(await again(), 'conflict', [{ path: 'email', message: 'is a member already' }])
})

it('needs the power that inviting needs', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const { owner } = organization
  const admin = await world.member(organization, 'admin')
  const { path } = await makeInvitation(organization, { role: 'owner' })
  expectRefusal(await admin.post(`${path}/resend`), 'forbidden')
  await world.sql(`update sessions set authenticated_at = now() - interval '31 minutes' where user_id = $1`, [
    owner.id,
  ])
  expectRefusal(await owner.post(`${path}/resend`), 'reauthentication_required')
  const plain = await makeInvitation(organization)
  expectInvalid(await owner.post(`${plain.path}/resend`, { expiresInDays: 31 }), 'expiresInDays')
  await world.sql(`update subscriptions set status = 'expired' where organization_id = $1`, [organization.id])
  expectRefusal(await owner.post(`${plain.path}/resend`), 'subscription_inactive')
})

it('knows nothing of invitations elsewhere', async () => {
  const theirs = await makeInvitation(await world.organization())
  const { owner, ...mine } = await world.organization()
  expectRefusal(await owner.post(`${invitationsPath(mine)}/${theirs.id}/resend`), 'not_found')
  expectRefusal(await owner.delete(`${invitationsPath(mine)}/${theirs.id}`), 'not_found')
})

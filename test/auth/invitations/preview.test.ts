import { expect, it } from 'vitest'
import { dump } from '../../support/dump.ts'
import { expire, makeInvitation, preview } from '../../support/invitations.ts'
import { expectRefusal, indistinct } from '../../support/shapes.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()

it('tells what the link invites to, and nothing more', async () => {
  const organization = await world.organization({ name: 'Engines <b>' })
  await organization.owner.patch('/v1/users/me', { display_name: 'Ada' })
  const { token, shown } = await makeInvitation(organization, { role: 'viewer', email: 'grace@example.com' })
  const answer = await preview(world.anonymous, token)
  expect(answer.status).toBe(200)
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(answer.body).toEqual({
    status: 'pending',
    organization_name: 'Engines <b>',
    organization_slug: organization.slug,
    role: 'viewer',
    email: 'grace@example.com',
    inviter_name: 'Ada',
    expires_at: shown.expiresAt,
  })
})

it('changes nothing, however often and by whom it is asked', async () => {
  const organization = await world.organization()
  const { token } = await makeInvitation(organization)
  const before = await dump(world)
  for (const method of ['GET', 'HEAD', 'GET'])
    for (const path of [`/v1/auth/invitations/preview?token=${token}`, `/invite/${token}`])
      await world.anonymous.call({ method, path })
  expect(await dump(world)).toEqual(before)
})

it('says what has become of an invitation', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const statusOf = async (token: string) => (await preview(world.anonymous, token)).body.status
  const [revoked, expired, used, renewed] = [
    await makeInvitation(organization),
    await makeInvitation(organization),
    await makeInvitation(organization),
    await makeInvitation(organization),
  ]
  await organization.owner.delete(revoked.path)
  await expire(world, expired)
  await world.sql(`update invitations set uses = 1, status = 'accepted' where id = $1`, [used.id])
  await organization.owner.post(`${renewed.path}/resend`)
  expect(await statusOf(revoked.token)).toBe('revoked')
  expect(await statusOf(expired.token)).toBe('expired')
  expect(await statusOf(used.token)).toBe('accepted')
  expectRefusal(await preview(world.anonymous, renewed.token), 'not_found')
})

it('knows no invitation whose inviter may not give it any more', async () => {
  const organization = await world.organization()
  const admin = await world.member(organization, 'admin')
  const answer = await admin.post(`/v1/orgs/${organization.id}/invitations`, { role: 'member' })
  const token = answer.body.url.split('/').at(-1)
  const statusOf = async () => (await preview(world.anonymous, token)).body.status
  expect(await statusOf()).toBe('pending')
  await world.sql('update users set disabled_at = now() where id = $1', [admin.id])
  expect(await statusOf()).toBe('revoked')
  await world.sql('update users set disabled_at = null where id = $1', [admin.id])
  expect(await statusOf()).toBe('pending')
  await world.sql(`update memberships set role = 'viewer' where user_id = $1`, [admin.id])
  expect(await statusOf()).toBe('revoked')
})

it('answers for what is no token, no known one, or of a deleted organization alike', async () => {
  const organization = await world.organization()
  const { token } = await makeInvitation(organization)
  await organization.owner.delete(`/v1/orgs/${organization.id}`, { confirm: organization.slug })
  const answers = await Promise.all(
    [token, 'A'.repeat(43), 'x', '', '%00', `${token}=`, "' or 1=1"].map((text) =>
      preview(world.anonymous, encodeURIComponent(text)),
    ),
  )
  for (const answer of answers) {
    expectRefusal(answer, 'not_found')
    expect(indistinct(answer)).toEqual(indistinct(answers[0] as (typeof answers)[0]))
  }
})

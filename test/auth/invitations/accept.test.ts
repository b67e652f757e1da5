import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import {
  accept,
  expire,
  invitationsPath,
  makeInvitation,
  membersOf,
  tokenOf,
  verifyAddress,
} from '../../support/invitations.ts'
import { aTime, expectInvalid, expectRefusal } from '../../support/shapes.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()
const stranger = async () => (await world.organization()).owner
const ended = (message: string) => [{ path: 'token', message }]

it('makes a member of who is signed in, and tells everybody', async () => {
  const organization = await world.organization()
  const grace = await stranger()
  const { id, token, shown } = await makeInvitation(organization, { role: 'viewer' })
  const events = (await world.events(organization.id)).length
  const answer = await accept(grace, token)
  expect(answer.status).toBe(200)
  expect(answer.body).toMatchObject({
    status: 'success',
    user: { user_id: grace.id, organization_id: organization.id },
    capabilities: { role: 'viewer', permissions: ['org.read', 'members.list'] },
    expires_in: 900,
  })
  expect(decodeJwt(answer.body.access_token)).toMatchObject({ sub: grace.id, org: organization.id })
  expect(answer.headers['set-cookie']).toBeUndefined()
  expect(await membersOf(world, organization)).toEqual({
    [organization.owner.email]: 'owner',
    [grace.email]: 'viewer',
  })
  expect((await grace.get(`/v1/orgs/${organization.id}`)).body.role).toBe('viewer')
  expect((await grace.get('/v1/me')).body.organizations).toHaveLength(2)
  const { invitedBy: _, ...facts } = shown
  expect(
    (await world.events(organization.id)).slice(events).map(({ type, data }) => ({ type, data })),
  ).toEqual([
    {
      type: 'member.added',
      data: { userId: grace.id, email: grace.email, name: null, role: 'viewer', joinedAt: aTime },
    },
    { type: 'invitation.accepted', data: { ...facts, status: 'accepted', uses: 1, userId: grace.id } },
  ])
  expect((await world.auditLog(organization.id)).at(-1)).toMatchObject({
    actor_id: grace.id,
    target_id: id,
    request_id: answer.headers['x-request-id'],
  })
  const { body } = await organization.owner.get(`${invitationsPath(organization)}?status=accepted`)
  expect(body.data).toEqual([{ ...shown, status: 'accepted', uses: 1 }])
})

it('gives no access token for an access token', async () => {
  const grace = await stranger()
  const { token } = await makeInvitation(await world.organization())
  const answer = await accept(world.withBearer(grace.accessToken), token)
  expect([answer.status, answer.body.status]).toEqual([200, 'success'])
  expect(answer.body).not.toHaveProperty('access_token')
})

it('lets a link for several be used so often', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const { token, path } = await makeInvitation(organization, { maxUses: 2 })
  const people = [await stranger(), await stranger(), await stranger()]
  const answers = []
  for (const person of people) answers.push(await accept(person, token))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 409])
  expectRefusal(answers[2] as (typeof answers)[0], 'conflict', ended('was used already'))
  expectRefusal(await organization.owner.delete(path), 'conflict')
})

it('tells a member that they are one, and spends nothing', async () => {
  const organization = await world.organization()
  const grace = await stranger()
  const { token } = await makeInvitation(organization, { role: 'admin' })
  const other = await makeInvitation(organization, { role: 'admin', maxUses: 5 })
  expectRefusal(await accept(organization.owner, token), 'conflict')
  expect((await accept(grace, token)).status).toBe(200)
  for (const again of [token, other.token]) {
    const answer = await accept(grace, again)
    expectRefusal(answer, 'conflict')
    expect(answer.body.error.message).toMatch(/^You are a member of Organization \d+ already\.$/)
  }
  const { body } = await organization.owner.get(invitationsPath(organization))
  expect(body.data.map(({ uses }: { uses: number }) => uses)).toEqual([0, 1])
})

describe('a link that is dead', () => {
  it('says why', async () => {
    const organization = await world.organization({ plan: 'pro' })
    const grace = await stranger()
    const [revoked, expired, renewed] = [
      await makeInvitation(organization),
      await makeInvitation(organization),
      await makeInvitation(organization),
    ]
    await organization.owner.delete(revoked.path)
    await expire(world, expired)
    const { url } = (await organization.owner.post(`${renewed.path}/resend`)).body
    expectRefusal(await accept(grace, revoked.token), 'conflict', ended('was withdrawn'))
    expectRefusal(await accept(grace, expired.token), 'conflict', ended('has expired'))
    expectRefusal(await accept(grace, renewed.token), 'not_found')
    expectRefusal(await accept(grace, 'A'.repeat(43)), 'not_found')
    expect((await accept(grace, tokenOf(url))).status).toBe(200)
  })

  it('is one of a deleted organization', async () => {
    const organization = await world.organization()
    const { token } = await makeInvitation(organization)
    await organization.owner.delete(`/v1/orgs/${organization.id}`, { confirm: organization.slug })
    expectRefusal(await accept(await stranger(), token), 'not_found')
  })

  it.each([
    ['was demoted', `update memberships set role = 'member' where user_id = $1 and organization_id = $2`],
    [
      'may not give the role',
      `update memberships set role = 'admin' where user_id = $1 and organization_id = $2`,
    ],
    ['left', 'delete from memberships where user_id = $1 and organization_id = $2'],
    ['is disabled', 'update users set disabled_at = now() where id = $1 and $2 is not null'],
    ['is gone', 'delete from users where id = $1 and $2 is not null'],
  ])('is one whose inviter %s', async (_what, statement) => {
    const organization = await world.organization()
    const inviter = await world.member(organization, 'owner')
    const { body } = await inviter.post(invitationsPath(organization), { role: 'owner' })
    await world.sql(statement.replace('$2 is', '$2::text is'), [inviter.id, organization.id])
    expectRefusal(await accept(await stranger(), tokenOf(body.url)), 'conflict', ended('was withdrawn'))
  })
})

describe('an invitation with an address', () => {
  it('fits who has that address, verified, and nobody else', async () => {
    const organization = await world.organization()
    const [grace, mallory] = [await stranger(), await stranger()]
    const { token } = await makeInvitation(organization, { email: grace.email.toUpperCase() })
    await verifyAddress(world, mallory)
    expectRefusal(await accept(mallory, token), 'forbidden')
    const unverified = await accept(grace, token)
    expectRefusal(unverified, 'forbidden')
    expect(unverified.body.error.message).toContain('Verify')
    await verifyAddress(world, grace)
    expect((await accept(grace, token)).status).toBe(200)
  })
})

describe('the plan', () => {
  it('has had a place for one person since they were invited, and none for who comes by a link for several', async () => {
    const organization = await world.organization()
    const single = await makeInvitation(organization)
    const several = await makeInvitation(organization, { maxUses: 9 })
    await makeInvitation(organization)
    const refused = await accept(await stranger(), several.token)
    // The organization's figures are nobody's business who is not in it.
    expectRefusal(refused, 'subscription_limit_exceeded')
    expect((await accept(await stranger(), single.token)).status).toBe(200)
  })

  it('must be alive', async () => {
    const organization = await world.organization()
    const links = [await makeInvitation(organization), await makeInvitation(organization, { maxUses: 9 })]
    await world.sql(`update subscriptions set status = 'cancelled' where organization_id = $1`, [
      organization.id,
    ])
    for (const { token } of links)
      expectRefusal(await accept(await stranger(), token), 'subscription_inactive')
  })
})

it('needs somebody signed in, or all that a new account needs', async () => {
  const organization = await world.organization()
  const { token } = await makeInvitation(organization)
  const { owner } = organization
  expectRefusal(await accept(world.anonymous, token), 'authentication_required')
  expectRefusal(await accept(world.withCookie('x'.repeat(43)), token), 'authentication_required')
  expectInvalid(await accept(world.anonymous, token, { password: owner.password }), 'email')
  expectInvalid(await accept(world.anonymous, token, { email: 'new@example.com' }), 'password')
  expect((await world.anonymous.post('/v1/auth/invitations/accept', { token, role: 'owner' })).status).toBe(
    400,
  )
  expect((await world.anonymous.post('/v1/auth/invitations/accept', { token: 7 })).status).toBe(400)
})

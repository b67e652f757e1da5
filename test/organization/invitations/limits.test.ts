import { expect, it } from 'vitest'
import { expire, invitationsPath, makeInvitation } from '../../support/invitations.ts'
import { expectRefusal } from '../../support/shapes.ts'
import { whileLocked } from '../../support/while-locked.ts'
import { type Organization, startWorld } from '../../support/world.ts'

const world = startWorld()
const invite = ({ owner, id }: Organization, body: object = {}) =>
  owner.post(invitationsPath({ id }), { role: 'member', ...body })
const full = [
  {
    path: 'users',
    message: 'The Free plan has 3 users, and 3 are in use.',
    limit: 3,
    used: 3,
    planKey: 'free',
    upgradeUrl: 'http://accounts.silver.test/auth/console',
  },
]

it('counts members and open invitations for one person', async () => {
  const organization = await world.organization()
  await world.member(organization, 'viewer')
  const { path } = await makeInvitation(organization)
  expectRefusal(await invite(organization), 'subscription_limit_exceeded', full)
  // How many come by a link for several is not known before.
  expect((await invite(organization, { maxUses: 50 })).status).toBe(201)
  await organization.owner.delete(path)
  expect((await invite(organization)).status).toBe(201)
})

it('has a place again when an invitation has expired, which then needs one to come back', async () => {
  const organization = await world.organization()
  const [first] = [await makeInvitation(organization), await makeInvitation(organization)]
  expectRefusal(await invite(organization), 'subscription_limit_exceeded', full)
  expect((await organization.owner.post(`${first?.path}/resend`)).status, 'it has its place').toBe(200)
  await expire(world, first)
  expect((await invite(organization)).status).toBe(201)
  expectRefusal(await organization.owner.post(`${first?.path}/resend`), 'subscription_limit_exceeded', full)
})

it('gives the last place to exactly one of fifteen invitations that are made at once', async () => {
  const organization = await world.organization()
  await makeInvitation(organization)
  const statement = 'select from subscriptions where organization_id = $1 for update'
  const answers = await whileLocked(world, { statement, values: [organization.id] }, () =>
    Array.from({ length: 15 }, () => invite(organization)),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(14).fill(402)])
  const { body } = await organization.owner.get(`${invitationsPath(organization)}?status=pending`)
  expect(body.data).toHaveLength(2)
})

it.each(['cancelled', 'expired', 'inactive'])('makes none while the subscription is %s', async (status) => {
  const organization = await world.organization()
  await world.sql('update subscriptions set status = $2 where organization_id = $1', [
    organization.id,
    status,
  ])
  expectRefusal(await invite(organization), 'subscription_inactive')
  expectRefusal(await invite(organization, { maxUses: 5 }), 'subscription_inactive')
})

it('is a conflict where a thousand are open: they have to end together with the role of who made them', async () => {
  const organization = await world.organization({ plan: 'pro' })
  await world.sql(
    `insert into invitations (id, organization_id, role, token_hash, max_uses, invited_by, expires_at)
     select 'inv_' || gen_random_uuid(), $1, 'viewer', convert_to(gen_random_uuid()::text, 'UTF8'), 5, $2, now() + interval '1 day'
     from generate_series(1, 999)`,
    [organization.id, organization.owner.id],
  )
  const invite = () => organization.owner.post(invitationsPath(organization), { role: 'viewer', maxUses: 5 })
  expect((await invite()).status).toBe(201)
  expectRefusal(await invite(), 'conflict')
})

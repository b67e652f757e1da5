import { expect, it } from 'vitest'
import { makeEndpoint } from '../support/webhook-endpoints.ts'
import { type Organization, startWorld } from '../support/world.ts'

const world = startWorld()
const told = async ({ id }: Organization, limit: string) =>
  (await world.events(id))
    .filter(({ type, data }) => type === 'subscription.limit_reached' && data.limit === limit)
    .map(({ data: { percent, used, most } }) => [percent, used, most])

it('tells at 80 and at 100 % of what a plan enforces, to the admins’ log too', async () => {
  const organization = await world.organization({ plan: 'starter' })
  for (let i = 0; i < 3; i++) await world.project(organization)
  expect(await told(organization, 'projects')).toEqual([])
  await world.project(organization)
  await world.project(organization)
  expect(await told(organization, 'projects')).toEqual([
    [80, 4, 5],
    [100, 5, 5],
  ])
  const [row] = (await world.auditLog(organization.id)).filter(
    ({ action }) => action === 'subscription.limit_reached',
  )
  expect(row).toMatchObject({ actor_id: organization.owner.id, target_id: organization.id })
  expect(JSON.parse(row?.details ?? '').data).toEqual({
    limit: 'projects',
    percent: 80,
    used: 4,
    most: 5,
    planKey: 'starter',
    month: new Date().toISOString().slice(0, 7),
  })
})

it('tells of both where one step takes both', async () => {
  const organization = await world.organization()
  await makeEndpoint(organization)
  expect(await told(organization, 'webhookEndpoints')).toEqual([
    [80, 1, 1],
    [100, 1, 1],
  ])
})

it('tells once a month, however often it is reached, and of a limit of another value anew', async () => {
  const organization = await world.organization()
  await world.project(organization)
  const pathOf = (id: string) => `/v1/orgs/${organization.id}/projects/${id}`
  for (let i = 0; i < 3; i++) {
    const { id } = await world.project(organization)
    await organization.owner.delete(pathOf(id))
  }
  const both = [
    [80, 2, 2],
    [100, 2, 2],
  ]
  expect(await told(organization, 'projects')).toEqual(both)
  await world.sql(`update reached_limits set month = '2026-05' where organization_id = $1`, [organization.id])
  await world.project(organization)
  expect(await told(organization, 'projects')).toEqual([...both, ...both])
  await world.sql(`update subscriptions set seat_limit = 1 where organization_id = $1`, [organization.id])
  const admin = await world.platformAdmin()
  const path = `/v1/platform/organizations/${organization.id}/subscription`
  await admin.patch(path, { planKey: 'starter' })
  expect(await told(organization, 'projects')).toHaveLength(4)
  for (let i = 0; i < 2; i++) await world.project(organization)
  expect((await told(organization, 'projects')).slice(4)).toEqual([[80, 4, 5]])
})

it('tells of a plan that is lowered to what is in use', async () => {
  const organization = await world.organization({ plan: 'pro' })
  for (let i = 0; i < 3; i++) await world.project(organization)
  const admin = await world.platformAdmin()
  const path = `/v1/platform/organizations/${organization.id}/subscription`
  await admin.patch(path, { planKey: 'free' })
  expect(await told(organization, 'projects')).toEqual([
    [80, 3, 2],
    [100, 3, 2],
  ])
  expect(await told(organization, 'webhookEndpoints')).toEqual([])
  const event = (await world.events(organization.id)).find(({ type }) => type === 'subscription.updated')
  expect(event?.data).toMatchObject({ planKey: 'free' })
})

it('tells nothing of a place that was not given', async () => {
  const organization = await world.organization()
  await world.project(organization)
  const { owner, id } = organization
  const answer = await owner.post(`/v1/orgs/${id}/projects`, { name: 'Taken', slug: 'taken' })
  await owner.delete(`/v1/orgs/${id}/projects/${answer.body.project.id}`)
  await world.sql('delete from reached_limits where organization_id = $1', [id])
  const before = await told(organization, 'projects')
  const [first] = (await owner.get(`/v1/orgs/${id}/projects`)).body.data
  expect((await owner.post(`/v1/orgs/${id}/projects`, { name: 'X', slug: first.slug })).status).toBe(409)
  expect(await told(organization, 'projects')).toEqual(before)
  expect(await world.sql('select from reached_limits where organization_id = $1', [id])).toEqual([])
})

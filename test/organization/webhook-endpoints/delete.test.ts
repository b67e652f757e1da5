import { expect, it } from 'vitest'
import { expectRefusal } from '../../support/shapes.ts'
import { deliveriesTo, endpointsPath, makeEndpoint, putDelivery } from '../../support/webhook-endpoints.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()

it('is gone for every route, with what was still to be sent, and keeps what was', async () => {
  const organization = await world.organization()
  const { owner } = organization
  const endpoint = await makeEndpoint(organization)
  const [open, test, over] = [
    await putDelivery(world, endpoint),
    await putDelivery(world, endpoint, 'pending', 'webhook.test'),
    await putDelivery(world, endpoint, 'succeeded'),
  ]
  expect((await owner.delete(endpoint.path)).status).toBe(204)
  for (const answer of [
    await owner.get(endpoint.path),
    await owner.patch(endpoint.path, { enabled: true }),
    await owner.post(`${endpoint.path}/rotate-secret`),
    await owner.delete(endpoint.path),
  ])
    expectRefusal(answer, 'not_found')
  expect((await owner.get(endpointsPath(organization))).body.data).toEqual([])
  const now = await deliveriesTo(world, endpoint)
  expect([open, test, over].map((id) => now.get(id)?.status)).toEqual(['cancelled', 'cancelled', 'succeeded'])
  expect((await world.events(organization.id)).at(-1)).toMatchObject({
    type: 'webhook_endpoint.deleted',
    data: { id: endpoint.id, url: endpoint.shown.url },
  })
})

it('goes with its project, and only with that', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const { owner } = organization
  const [first, second] = [await world.project(organization), await world.project(organization)]
  const gone = await makeEndpoint(organization, { projectId: first.id })
  const before = await makeEndpoint(organization, { projectId: first.id })
  await owner.delete(before.path)
  const others = [
    await makeEndpoint(organization, { eventTypes: ['project.*'] }),
    await makeEndpoint(organization, { projectId: second.id }),
  ]
  const delivery = await putDelivery(world, gone, 'succeeded')
  expect((await owner.delete(`/v1/orgs/${organization.id}/projects/${first.id}`)).status).toBe(204)
  expect((await world.events(organization.id)).slice(-2)).toMatchObject([
    { type: 'webhook_endpoint.deleted', data: { id: gone.id, projectId: first.id } },
    { type: 'project.deleted', data: { id: first.id } },
  ])
  expectRefusal(await owner.get(gone.path), 'not_found')
  expect((await deliveriesTo(world, gone)).get(delivery)?.status).toBe('succeeded')
  const left = (await owner.get(endpointsPath(organization))).body.data
  expect(left.map(({ id }: { id: string }) => id)).toEqual(others.map(({ id }) => id).reverse())
  const heard = await world.sql('select event_type from webhook_deliveries where endpoint_id = $1', [
    others[0]?.id,
  ])
  expect(heard).toEqual([{ event_type: 'project.deleted' }])
})

it('goes for good with its organization', async () => {
  const organization = await world.organization()
  const project = await world.project(organization)
  const endpoint = await makeEndpoint(organization, { projectId: project.id })
  await putDelivery(world, endpoint)
  await world.sql('delete from organizations where id = $1', [organization.id])
  expect(await world.sql('select from webhook_endpoints where id = $1', [endpoint.id])).toEqual([])
  expect((await deliveriesTo(world, endpoint)).size).toBe(0)
})

import { expect, it } from 'vitest'
import { exampleEvents } from '../../../src/features/webhook-deliveries/example-events.ts'
import { newId } from '../../../src/lib/ids.ts'
import { anId, expectInvalid, expectRefusal, indistinct } from '../../support/shapes.ts'
import { deliveriesPath } from '../../support/webhook-deliveries.ts'
import { deliveriesTo, type Endpoint, endpointsPath, makeEndpoint } from '../../support/webhook-endpoints.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()
const make = async (body = {}) => makeEndpoint(await world.organization({ plan: 'pro' }), body)
const test = ({ organization, path }: Endpoint, body?: unknown, headers = {}) =>
  organization.owner.post(`${path}/test`, body, headers)

async function bodyOf({ organization }: Endpoint, deliveryId: string) {
  const answer = await organization.owner.get(`${deliveriesPath(organization)}/${deliveryId}`)
  expect(answer.body).toMatchObject({ eventType: 'webhook.test', status: 'pending', attempts: 0 })
  return JSON.parse(answer.body.body)
}

it.each([true, false])('goes to this endpoint alone, enabled: %s', async (enabled) => {
  const endpoint = await make({ enabled })
  const other = await makeEndpoint(endpoint.organization, { eventTypes: ['*'] })
  const before = await deliveriesTo(world, other)
  const answer = await test(endpoint)
  expect(answer.status).toBe(202)
  expect(answer.body).toEqual({ deliveryId: anId('dlv') })
  expect([...(await deliveriesTo(world, endpoint)).keys()]).toEqual([answer.body.deliveryId])
  expect(await deliveriesTo(world, other)).toEqual(before)
  expect(await bodyOf(endpoint, answer.body.deliveryId)).toMatchObject({
    type: 'webhook.test',
    organization: { id: endpoint.organization.id },
    data: { id: endpoint.id, isTest: true },
  })
  expect((await world.auditLog(endpoint.organization.id)).at(-1)).toMatchObject({
    action: 'webhook.test',
    target_id: endpoint.id,
  })
})

it.each(Object.entries(exampleEvents))('carries an example of %s', async (eventType, example) => {
  const endpoint = await shared()
  const { deliveryId } = (await test(endpoint, { eventType })).body
  expect((await bodyOf(endpoint, deliveryId)).data).toEqual({
    id: endpoint.id,
    isTest: true,
    eventType,
    example,
  })
})
let once: Promise<Endpoint> | undefined
const shared = () => {
  once ??= make()
  return once
}

it('has examples with the fields that real events have', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const { owner, id } = organization
  const project = await world.project(organization)
  const path = `/v1/orgs/${id}/projects/${project.id}`
  await owner.patch('/v1/users/me', { display_name: 'Ada' })
  await owner.patch(`/v1/orgs/${id}`, { name: 'Renamed' })
  await owner.patch(path, { name: 'Renamed' })
  await owner.patch(path, { status: 'disabled' })
  await owner.patch(path, { status: 'active' })
  const { body: rotated } = await owner.post(`${path}/rotate-secret`, { overlapSeconds: 60 })
  expect(rotated.retires).toHaveLength(1)
  const [key] = (await owner.get(path)).body.secretKeys
  await owner.delete(`${path}/secret-keys/${key.id}`)
  await owner.delete(path)
  const endpoint = await makeEndpoint(organization)
  await owner.patch(endpoint.path, { description: 'Changed' })
  await owner.post(`${endpoint.path}/rotate-secret`)
  await owner.patch(endpoint.path, { enabled: false })
  await owner.delete(endpoint.path)
  await owner.delete(`/v1/orgs/${id}`, { confirm: (await owner.get(`/v1/orgs/${id}`)).body.slug })
  const fieldsOf = (data: object) => Object.keys(data).sort()
  const seen = new Set<string>()
  for (const { type, data } of await world.events(id)) {
    const example = exampleEvents[type as keyof typeof exampleEvents]
    expect(fieldsOf(example), type).toEqual(fieldsOf(data))
    seen.add(type)
  }
  expect([...seen].filter((type) => /^(project|webhook_endpoint|organization)\./.test(type))).toHaveLength(15)
})

it('happens once per Idempotency-Key', async () => {
  const endpoint = await make()
  const headers = { 'idempotency-key': 'once' }
  const first = await test(endpoint, {}, headers)
  const second = await test(endpoint, {}, headers)
  expect(second.body).toEqual(first.body)
  expect((await deliveriesTo(world, endpoint)).size).toBe(1)
  expectRefusal(await test(endpoint, { eventType: 'user.created' }, headers), 'idempotency_conflict')
})

it('is not cancelled by switching the endpoint off, but by deleting it, which ends all tests', async () => {
  const endpoint = await make()
  const { owner } = endpoint.organization
  const { deliveryId } = (await test(endpoint)).body
  const statusOf = async () => (await deliveriesTo(world, endpoint)).get(deliveryId)?.status
  await owner.patch(endpoint.path, { enabled: false })
  expect(await statusOf()).toBe('pending')
  await owner.delete(endpoint.path)
  expect(await statusOf()).toBe('cancelled')
  expectRefusal(await test(endpoint), 'not_found')
})

it('works while the subscription is over', async () => {
  const endpoint = await make()
  await world.sql(`update subscriptions set status = 'expired' where organization_id = $1`, [
    endpoint.organization.id,
  ])
  expect((await test(endpoint)).status).toBe(202)
})

it.each(['webhook.test', 'project.*', '*', 'nothing', null, 1])('has no example of %j', async (eventType) => {
  expectInvalid(await test(await shared(), { eventType }), 'eventType')
})

it('is unknown to other organizations as one that does not exist', async () => {
  const mine = await world.organization()
  const theirs = await make()
  const ask = async (id: string) => indistinct(await mine.owner.post(`${endpointsPath(mine)}/${id}/test`))
  const unknown = await ask(newId('whe'))
  expect(unknown.status).toBe(404)
  for (const id of [theirs.id, 'whe_x', '%00']) expect(await ask(id)).toEqual(unknown)
  expect((await deliveriesTo(world, theirs)).size).toBe(0)
})

it.each(['billing', 'member', 'viewer'] as const)('is not for the role %s', async (role) => {
  const { path, organization } = await make()
  expectRefusal(await (await world.member(organization, role)).post(`${path}/test`), 'admin_required')
})

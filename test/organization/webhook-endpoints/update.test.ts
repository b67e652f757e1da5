import { describe, expect, it } from 'vitest'
import { newId } from '../../../src/lib/ids.ts'
import { expectInvalid, expectRefusal } from '../../support/shapes.ts'
import { deliveriesTo, type Endpoint, makeEndpoint, putDelivery } from '../../support/webhook-endpoints.ts'
import { whileLocked } from '../../support/while-locked.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()
const make = async (body: Record<string, unknown> = {}) => makeEndpoint(await world.organization(), body)
const patch = ({ organization, path }: Endpoint, body: unknown) => organization.owner.patch(path, body)
const lastEvent = async ({ organization }: Endpoint) => (await world.events(organization.id)).at(-1)

it('changes the given fields and leaves the others, and says what changed', async () => {
  const endpoint = await make()
  const project = await world.project(endpoint.organization)
  const fields = {
    url: 'https://receiver.example/other',
    description: 'Other',
    eventTypes: ['usage.recorded', 'session.*'],
    projectId: project.id,
  }
  const answer = await patch(endpoint, fields)
  expect(answer.status).toBe(200)
  expect(answer.body).toEqual({ ...endpoint.shown, ...fields, updatedAt: answer.body.updatedAt })
  expect(answer.body.updatedAt > (endpoint.shown.updatedAt as string)).toBe(true)
  expect(await lastEvent(endpoint)).toMatchObject({
    type: 'webhook_endpoint.updated',
    data: {
      id: endpoint.id,
      ...fields,
      enabled: true,
      disabledReason: null,
      previous: {
        url: endpoint.shown.url,
        description: null,
        eventTypes: ['usage.recorded'],
        projectId: null,
      },
    },
  })
  const cleared = await patch(endpoint, { description: null, projectId: null })
  expect(cleared.body).toMatchObject({ description: null, projectId: null, url: fields.url })
})

it('switches off with what is still to be sent, tests excepted, and says so to the others', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const endpoint = await makeEndpoint(organization)
  const other = await makeEndpoint(organization, { eventTypes: ['webhook_endpoint.*'] })
  const open = [
    await putDelivery(world, endpoint, 'pending'),
    await putDelivery(world, endpoint, 'delivering'),
    await putDelivery(world, endpoint, 'retrying'),
  ]
  const over = [await putDelivery(world, endpoint, 'succeeded'), await putDelivery(world, endpoint, 'failed')]
  const test = await putDelivery(world, endpoint, 'pending', 'webhook.test')
  const answer = await patch(endpoint, { enabled: false })
  expect(answer.body).toMatchObject({
    enabled: false,
    disabledReason: 'manual',
    health: { pending: 1, failed: 1 },
  })
  const now = await deliveriesTo(world, endpoint)
  for (const id of open)
    expect(now.get(id)).toMatchObject({ status: 'cancelled', lease_token: null, open: false })
  expect(over.map((id) => now.get(id)?.status)).toEqual(['succeeded', 'failed'])
  expect(now.get(test)).toMatchObject({ status: 'pending', open: true })
  const event = await lastEvent(endpoint)
  expect(event).toMatchObject({
    type: 'webhook_endpoint.disabled',
    data: { id: endpoint.id, disabledReason: 'manual', previous: { enabled: true, disabledReason: null } },
  })
  const heard = await world.sql('select event_id from webhook_deliveries where endpoint_id = $1', [other.id])
  expect(heard.map(({ event_id }) => event_id)).toContain(event?.id)
})

it.each(['manual', 'failing', 'gone', 'unreadable_secret'])(
  'switches on what was off as %s, like one that never failed, with nothing left of before',
  async (reason) => {
    const endpoint = await make()
    await world.sql(
      'update webhook_endpoints set enabled = false, disabled_reason = $2, failing_since = now() where id = $1',
      [endpoint.id, reason],
    )
    // Made by somebody who did not see yet that it is off.
    const late = await putDelivery(world, endpoint)
    const answer = await patch(endpoint, { enabled: true })
    expect(answer.body).toEqual({ ...endpoint.shown, updatedAt: answer.body.updatedAt })
    expect((await deliveriesTo(world, endpoint)).get(late)?.status).toBe('cancelled')
    expect(await lastEvent(endpoint)).toMatchObject({
      type: 'webhook_endpoint.updated',
      data: { enabled: true, previous: { enabled: false, disabledReason: reason } },
    })
  },
)

it('leaves the reason and the deliveries of what is as it shall be', async () => {
  const endpoint = await make()
  const delivery = await putDelivery(world, endpoint)
  expect((await patch(endpoint, { enabled: true })).status).toBe(200)
  expect((await deliveriesTo(world, endpoint)).get(delivery)?.status).toBe('pending')
  await world.sql(`update webhook_endpoints set enabled = false, disabled_reason = 'gone' where id = $1`, [
    endpoint.id,
  ])
  expect((await patch(endpoint, { enabled: false })).body.disabledReason).toBe('gone')
})

it('does not take back what a delivery came to while this waited for it', async () => {
  const endpoint = await make()
  const delivery = await putDelivery(world, endpoint, 'delivering')
  const statement = `update webhook_deliveries set status = 'succeeded', next_attempt_at = null where id = $1`
  await whileLocked(world, { statement, values: [delivery] }, () => [patch(endpoint, { enabled: false })])
  expect((await deliveriesTo(world, endpoint)).get(delivery)?.status).toBe('succeeded')
})

describe('while the subscription is over', () => {
  const makeExpired = async (body: Record<string, unknown> = {}) => {
    const organization = await world.organization({ plan: 'pro' })
    const projects = {
      mine: (await world.project(organization)).id,
      other: (await world.project(organization)).id,
    }
    const endpoint = await makeEndpoint(organization, body)
    await world.sql(`update subscriptions set status = 'expired' where organization_id = $1`, [
      organization.id,
    ])
    return { endpoint, projects }
  }

  it.each([
    [['session.*', 'user.*'], ['user.*']],
    [['*'], ['project.*']],
    [['*'], ['user.created', 'session.*']],
    [['project.*'], ['project.created']],
  ])('narrows %j to %j', async (eventTypes, narrower) => {
    const { endpoint } = await makeExpired({ eventTypes })
    expect((await patch(endpoint, { eventTypes: narrower })).body.eventTypes).toEqual(narrower)
  })

  it.each([
    [['session.*', 'user.*'], ['*']],
    [['project.created'], ['project.*']],
    [['project.*'], ['project.created', 'user.created']],
    [['project.*'], ['webhook_endpoint.*']],
  ])('does not widen %j to %j', async (eventTypes, wider) => {
    const { endpoint } = await makeExpired({ eventTypes })
    expectRefusal(await patch(endpoint, { eventTypes: wider }), 'subscription_inactive')
  })

  it('narrows to one project, and does not turn to another one or to all', async () => {
    const { endpoint, projects } = await makeExpired()
    expect((await patch(endpoint, { projectId: null })).status).toBe(200)
    expect((await patch(endpoint, { projectId: projects.mine })).body.projectId).toBe(projects.mine)
    expect((await patch(endpoint, { projectId: projects.mine })).status).toBe(200)
    expectRefusal(await patch(endpoint, { projectId: projects.other }), 'subscription_inactive')
    expectRefusal(await patch(endpoint, { projectId: null }), 'subscription_inactive')
  })

  it('does not switch on, and lets the rest be changed', async () => {
    const { endpoint } = await makeExpired()
    const rest = { url: 'https://receiver.example/2', description: 'x' }
    expect((await patch(endpoint, rest)).status).toBe(200)
    expect((await patch(endpoint, { enabled: false })).status).toBe(200)
    expectRefusal(await patch(endpoint, { enabled: true }), 'subscription_inactive')
    expect((await endpoint.organization.owner.delete(endpoint.path)).status).toBe(204)
  })
})

it.each([
  [{ eventTypes: ['webhook.test'] }, 'eventTypes.0'],
  [{ eventTypes: [] }, 'eventTypes'],
  [{ url: null }, 'url'],
  [{ projectId: newId('app') }, 'projectId'],
  [{ projectId: 'seqn' }, 'projectId'],
  [{ secret: 'whsec_mine' }, 'secret'],
  [{ disabledReason: null }, 'disabledReason'],
])('names the field that it cannot accept: %j', async (body, field) => {
  const endpoint = await make()
  expectInvalid(await patch(endpoint, body), field)
  expect((await endpoint.organization.owner.get(endpoint.path)).body).toEqual(endpoint.shown)
})

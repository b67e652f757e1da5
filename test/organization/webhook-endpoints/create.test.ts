import { expect, it } from 'vitest'
import { actions } from '../../../src/change/actions.ts'
import { openEndpointSecret } from '../../../src/features/webhooks/endpoint-secrets.ts'
import { eventTypes } from '../../../src/features/webhooks/event-types.ts'
import { newId } from '../../../src/lib/ids.ts'
import { anId, aTime, expectInvalid, expectRefusal, indistinct } from '../../support/shapes.ts'
import { endpointsPath, makeEndpoint } from '../../support/webhook-endpoints.ts'
import { whileLocked } from '../../support/while-locked.ts'
import { type Organization, startWorld } from '../../support/world.ts'

const world = startWorld()
const url = 'https://receiver.example/hook'
const create = (organization: Organization, body: unknown, headers = {}) =>
  organization.owner.post(endpointsPath(organization), body, headers)
const health = { lastSuccessAt: null, lastFailureAt: null, failingSince: null, pending: 0, failed: 0 }

it('answers with the whole endpoint and its secret, once', async () => {
  const organization = await world.organization()
  const project = await world.project(organization)
  const answer = await create(organization, {
    url,
    description: ' Billing\nand more ',
    eventTypes: ['project.*', 'member.removed'],
    projectId: project.id,
  })
  expect(answer.status).toBe(201)
  expect(answer.headers['cache-control']).toBe('no-store')
  const { endpoint, secret } = answer.body
  expect(answer.body).toEqual({
    endpoint: {
      id: anId('whe'),
      url,
      description: 'Billing\nand more',
      eventTypes: ['project.*', 'member.removed'],
      projectId: project.id,
      enabled: true,
      disabledReason: null,
      createdAt: aTime,
      updatedAt: aTime,
      secretRotatedAt: null,
      health,
    },
    secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
  })
  const read = await organization.owner.get(`${endpointsPath(organization)}/${endpoint.id}`)
  expect(read.body).toEqual(endpoint)
  const event = (await world.events(organization.id)).at(-1)
  expect(event?.type).toBe('webhook_endpoint.created')
  expect(event?.data).toEqual({
    id: endpoint.id,
    url,
    description: 'Billing\nand more',
    eventTypes: ['project.*', 'member.removed'],
    projectId: project.id,
    enabled: true,
    disabledReason: null,
  })
  expect((await world.auditLog(organization.id)).at(-1)).toMatchObject({
    action: 'webhook_endpoint.created',
    actor_id: organization.owner.id,
    target_id: endpoint.id,
    request_id: answer.headers['x-request-id'],
  })
  const [row] = await world.sql('select * from webhook_endpoints where id = $1', [endpoint.id])
  expect(openEndpointSecret(world.ctx, endpoint.id, row?.sealed_secret)).toBe(secret)
  expect(() => openEndpointSecret(world.ctx, newId('whe'), row?.sealed_secret)).toThrow('opens with none')
})

it('wants but an address and what to send there', async () => {
  const answer = await create(await world.organization(), { url, eventTypes: ['*'] })
  expect(answer.body.endpoint).toMatchObject({ description: null, projectId: null, enabled: true, health })
})

it('may begin switched off', async () => {
  const { shown } = await makeEndpoint(await world.organization(), { enabled: false })
  expect(shown).toMatchObject({ enabled: false, disabledReason: 'manual' })
})

it('makes one endpoint per Idempotency-Key, and shows its secret to a retry', async () => {
  const organization = await world.organization()
  const body = { url, eventTypes: ['*'] }
  const [first, second] = [
    await create(organization, body, { 'idempotency-key': 'once' }),
    await create(organization, body, { 'idempotency-key': 'once' }),
  ]
  expect(second.headers['idempotent-replayed']).toBe('true')
  expect(second.body).toEqual(first.body)
  const other = await create(organization, { ...body, enabled: false }, { 'idempotency-key': 'once' })
  expectRefusal(other, 'idempotency_conflict')
})

it.each(['*', 'project.*', ...eventTypes])('sends %s', async (type) => {
  await makeEndpoint(await world.organization(), { eventTypes: [type] })
})

it('offers every event that there is, and no other', () => {
  const events = Object.entries(actions).flatMap(([name, { isEvent }]) => (isEvent ? [name] : []))
  expect([...eventTypes, 'webhook.test']).toEqual(expect.arrayContaining(events))
})

it.each([
  [{ eventTypes: ['*'] }, 'url'],
  [{ url: 5, eventTypes: ['*'] }, 'url'],
  [{ url, eventTypes: [] }, 'eventTypes'],
  [{ url, eventTypes: '*' }, 'eventTypes'],
  [{ url, eventTypes: ['*', '*'] }, 'eventTypes'],
  [{ url, eventTypes: ['project.created', 'project.create'] }, 'eventTypes.1'],
  [{ url, eventTypes: ['webhook.test'] }, 'eventTypes.0'],
  [{ url, eventTypes: ['webhook.*'] }, 'eventTypes.0'],
  [{ url, eventTypes: ['auth.login'] }, 'eventTypes.0'],
  [{ url, eventTypes: ['auth.*'] }, 'eventTypes.0'],
  [{ url, eventTypes: ['project.c*'] }, 'eventTypes.0'],
  [{ url, eventTypes: ['**'] }, 'eventTypes.0'],
  [{ url, eventTypes: ['.*'] }, 'eventTypes.0'],
  [{ url, eventTypes: ['toString'] }, 'eventTypes.0'],
  [{ url, eventTypes: ['*'], description: 'x'.repeat(501) }, 'description'],
  [{ url, eventTypes: ['*'], description: 'a\u0000' }, 'description'],
  [{ url, eventTypes: ['*'], enabled: 'yes' }, 'enabled'],
  [{ url, eventTypes: ['*'], projectId: 5 }, 'projectId'],
  [{ url, eventTypes: ['*'], secret: 'whsec_mine' }, 'secret'],
])('names the field that it cannot accept: %j', async (body, field) => {
  const organization = await world.organization()
  expectInvalid(await create(organization, body), field)
  expect((await organization.owner.get(endpointsPath(organization))).body.data).toEqual([])
})

it('knows the projects of its organization only, and tells others from none', async () => {
  const organization = await world.organization()
  const theirs = await world.project(await world.organization())
  const answers = []
  for (const projectId of [newId('app'), theirs.id, theirs.slug, 'app_x'])
    answers.push(await create(organization, { url, eventTypes: ['*'], projectId }))
  for (const answer of answers) {
    expectInvalid(answer, 'projectId')
    expect(indistinct(answer)).toEqual(indistinct(answers[0] as (typeof answers)[0]))
  }
})

it('gives the free plan one, and says so', async () => {
  const organization = await world.organization()
  await makeEndpoint(organization, { enabled: false })
  const message = 'The Free plan has 1 webhook endpoints, and 1 are in use.'
  const upgradeUrl = 'http://accounts.silver.test/auth/console'
  expectRefusal(await create(organization, { url, eventTypes: ['*'] }), 'subscription_limit_exceeded', [
    { path: 'webhookEndpoints', message, limit: 1, used: 1, planKey: 'free', upgradeUrl },
  ])
})

it('gives the one free place to exactly one of fifty who ask at once', async () => {
  const organization = await world.organization()
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => create(organization, { url, eventTypes: ['*'] })),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(49).fill(402)])
  expect((await organization.owner.get(endpointsPath(organization))).body.data).toHaveLength(1)
})

it('gives the last place to one of two who wait for it together', async () => {
  const organization = await world.organization()
  const statement = 'select from subscriptions where organization_id = $1 for update'
  const answers = await whileLocked(world, { statement, values: [organization.id] }, () => [
    create(organization, { url, eventTypes: ['*'] }),
    create(organization, { url, eventTypes: ['*'] }),
  ])
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 402])
})

it('gives the place of a deleted one to another', async () => {
  const organization = await world.organization()
  const { path } = await makeEndpoint(organization)
  expect((await organization.owner.delete(path)).status).toBe(204)
  await makeEndpoint(organization)
})

import { afterEach, beforeEach, expect, it } from 'vitest'
import { startWebhookReceiver } from '../support/receiver.ts'
import { deliveriesPath, leaveDelivery, makeDelivery } from '../support/webhook-deliveries.ts'
import { type Endpoint, makeEndpoint } from '../support/webhook-endpoints.ts'
import { startWorker, type TestWorker, untilStatuses } from '../support/webhook-worker.ts'
import { type Organization, startWorld } from '../support/world.ts'

const world = startWorld()
let organization: Organization
let receiver: Awaited<ReturnType<typeof startWebhookReceiver>>
let worker: TestWorker

beforeEach(async () => {
  organization = await world.organization({ plan: 'pro' })
  receiver = await startWebhookReceiver()
})
afterEach(async () => {
  await worker.stop()
  await receiver.close()
})

const subscribe = (body: object = {}) =>
  makeEndpoint(organization, { url: `${receiver.url}/hook`, eventTypes: ['project.created'], ...body })
const post = ({ path }: { path: string }, verb: string, body?: object) =>
  organization.owner.post(`${path}/${verb}`, body)
const tellsOf = async ({ id }: Endpoint) => {
  const list = await organization.owner.get(`${deliveriesPath(organization)}?endpoint=${id}`)
  return list.body.data
}

it('retries now; what had ended ends again when that fails, and can be retried until it is taken', async () => {
  const made = await makeDelivery(world, organization, await subscribe())
  await leaveDelivery(world, made.id, 'failed', 10)
  worker = startWorker(world)
  receiver.answers(500, 204)
  expect((await post(made, 'retry')).status).toBe(202)
  const [again] = await untilStatuses(world, made.endpoint, ['failed'])
  expect(again?.attempts).toBe(11)
  await post(made, 'retry')
  await untilStatuses(world, made.endpoint, ['succeeded'])
  const { body } = await organization.owner.get(made.path)
  expect(body).toMatchObject({ status: 'succeeded', attempts: 12, lastAttempt: { status: 204, error: null } })
  expect(body.allAttempts).toMatchObject([
    { number: 11, status: 500, error: 'the answer was 500' },
    { number: 12, status: 204, requestHeaders: { 'webhook-id': made.eventId } },
  ])
  expect(receiver.requests.map((request) => request.body)).toEqual([body.body, body.body])
  expect(JSON.stringify(body)).not.toContain(made.endpoint.secret)
})

it('retries one that waits, and its schedule goes on behind that', async () => {
  const made = await makeDelivery(world, organization, await subscribe())
  await leaveDelivery(world, made.id, 'retrying', 3)
  worker = startWorker(world)
  receiver.answers(500)
  await post(made, 'retry')
  await receiver.received(1)
  const [row] = await untilStatuses(world, made.endpoint, ['retrying'])
  expect(row?.attempts).toBe(4)
  expect(row?.seconds_left).toBeGreaterThan(0.7 * 2 * 3_600)
  expect(row?.seconds_left).toBeLessThan(1.3 * 2 * 3_600)
})

it('replays to an endpoint what was before it: to the letter what another one got, in the same order', async () => {
  const first = await subscribe()
  // One at a time, so that the receiver sees the order.
  worker = startWorker(world, { webhooks: { concurrency: 1 } })
  const all = Array(8).fill('succeeded')
  for (const _ of all) await world.project(organization)
  await untilStatuses(world, first, all)
  const sent = receiver.requests.map(({ body }) => body)
  const late = await subscribe()
  const answer = await post(late, 'replay', { from: '2026-01-01T00:00:00Z', status: 'all' })
  expect(answer.body).toEqual({ count: 8 })
  await untilStatuses(world, late, all)
  expect(receiver.requests.slice(8).map(({ body }) => body)).toEqual(sent)
  const sequences = sent.map((body) => JSON.parse(body).sequence)
  expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
})

it('tests an endpoint that is off, and retries that', async () => {
  const off = await subscribe({ enabled: false })
  worker = startWorker(world)
  receiver.answers(400, 204)
  const { deliveryId } = (await post(off, 'test', { eventType: 'user.created' })).body
  await untilStatuses(world, off, ['retrying'])
  const retried = await post({ path: `${deliveriesPath(organization)}/${deliveryId}` }, 'retry')
  expect(retried.status).toBe(202)
  await untilStatuses(world, off, ['succeeded'])
  expect(JSON.parse(receiver.requests[1]?.body ?? '')).toMatchObject({
    type: 'webhook.test',
    data: { isTest: true, eventType: 'user.created' },
  })
  expect(await tellsOf(off)).toMatchObject([{ id: deliveryId, status: 'succeeded', attempts: 2 }])
})

import { Webhook } from 'standardwebhooks'
import { beforeEach, expect, it } from 'vitest'
import { wakeOthers } from '../../src/features/webhooks/wake-others.ts'
import { hearChanges } from '../../src/serve.ts'
import { putDelivery } from '../support/webhook-endpoints.ts'
import {
  attemptsOf,
  makeDue,
  type Receiving,
  startedWith,
  type TestWorker,
  untilStatuses,
} from '../support/webhook-worker.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const started = startedWith(world)
let { organization, receiver, endpoint } = {} as Receiving
let worker: TestWorker

beforeEach(async () => {
  ;({ organization, receiver, endpoint } = await started.receiving())
  worker = started.worker()
})

it('delivers the events of a change to who wants them, signed, and keeps the attempt', async () => {
  receiver.answers({ status: 202, body: 'thanks' })
  const project = await world.project(organization)
  const [delivery] = await untilStatuses(world, endpoint, ['succeeded'])
  const [request] = await receiver.received(1)
  expect(request).toMatchObject({ method: 'POST', path: '/hook' })
  const event = (await world.events(organization.id)).find(({ type }) => type === 'project.created')
  const verified = new Webhook(endpoint.secret).verify(
    request?.body ?? '',
    request?.headers as Record<string, string>,
  )
  expect(verified).toMatchObject({
    id: event?.id,
    type: 'project.created',
    sequence: Number(event?.sequence),
    organization: { id: organization.id, slug: organization.slug },
    data: { id: project.id },
  })
  expect(delivery).toMatchObject({ attempts: 1, next_attempt_at: null, lease_token: null })
  expect(await attemptsOf(world, delivery?.id)).toEqual([
    {
      number: 1,
      status: 202,
      error: null,
      answer: 'thanks',
      request_headers: expect.objectContaining({ 'webhook-id': event?.id }),
      latency_ms: expect.any(Number),
      at: expect.any(Date),
    },
  ])
})

it('comes again when the schedule says, with the same id and body, signed anew', async () => {
  receiver.answers(500, 500, 500, 200)
  await world.project(organization)
  for (const [index, wait] of [5, 300, 1_800].entries()) {
    const [delivery] = await untilStatuses(world, endpoint, ['retrying'])
    expect(delivery).toMatchObject({ attempts: index + 1, lease_token: null })
    const [moved] = await world.sql<{ since: number; left: number }>(
      `select extract(epoch from next_attempt_at - at)::float8 as since, extract(epoch from next_attempt_at - now())::float8 as left
       from webhook_deliveries delivery join webhook_attempts on delivery_id = delivery.id and number = attempts
       where delivery.id = $1`,
      [delivery?.id],
    )
    expect(moved?.since).toBeGreaterThan(0.8 * wait)
    expect(moved?.left).toBeLessThan(1.2 * wait)
    await makeDue(world, endpoint)
    worker.wake()
    await receiver.received(index + 2)
  }
  const [delivery] = await untilStatuses(world, endpoint, ['succeeded'])
  expect(delivery?.attempts).toBe(4)
  const { requests } = receiver
  expect(new Set(requests.map(({ body }) => body)).size).toBe(1)
  expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  for (const { body, headers } of requests)
    new Webhook(endpoint.secret).verify(body, headers as Record<string, string>)
  const times = await world.sql<{ at: number; stamped: number }>(
    `select extract(epoch from at)::float8 as at, (request_headers ->> 'webhook-timestamp')::int as stamped
     from webhook_attempts where delivery_id = $1 order by number`,
    [delivery?.id],
  )
  expect(times.map(({ stamped }) => stamped)).toEqual(times.map(({ at }) => Math.floor(at)))
})

it('gives up after the tenth attempt', async () => {
  await worker.stop()
  receiver.answers(500)
  await world.project(organization)
  await world.sql('update webhook_deliveries set attempts = 9 where endpoint_id = $1', [endpoint.id])
  started.worker()
  const [delivery] = await untilStatuses(world, endpoint, ['failed'])
  expect(delivery).toMatchObject({ attempts: 10, next_attempt_at: null, lease_token: null })
  expect(await attemptsOf(world, delivery?.id)).toMatchObject([{ number: 10, status: 500 }])
  expect(receiver.requests).toHaveLength(1)
})

it('lets a busy receiver lengthen the wait, to twice itself at most', async () => {
  receiver.answers(
    { status: 503, headers: { 'retry-after': '86400' } },
    { status: 429, headers: { 'retry-after': '8' } },
  )
  await world.project(organization)
  const [far] = await untilStatuses(world, endpoint, ['retrying'])
  expect(far?.seconds_left).toBeLessThan(12)
  await world.sql('update webhook_deliveries set attempts = 0 where endpoint_id = $1', [endpoint.id])
  await world.sql('delete from webhook_attempts')
  await makeDue(world, endpoint)
  worker.wake()
  await receiver.received(2)
  const [near] = await untilStatuses(world, endpoint, ['retrying'])
  const [attempt] = await attemptsOf(world, near?.id)
  expect(Number(near?.next_attempt_at) - Number(attempt?.at)).toBeGreaterThanOrEqual(8_000)
})

it('ends what tells of an event that is no longer kept', async () => {
  const delivery = await putDelivery(world, endpoint)
  worker.wake()
  await untilStatuses(world, endpoint, ['failed'])
  expect(await attemptsOf(world, delivery)).toMatchObject([
    { number: 1, status: null, error: 'the event is no longer kept', request_headers: {} },
  ])
  const [health] = await world.sql(
    'select failing_since, last_failure_at from webhook_endpoints where id = $1',
    [endpoint.id],
  )
  expect(health).toEqual({ failing_since: null, last_failure_at: null })
})

it('tells how an endpoint does: since when it fails, until something is taken', async () => {
  const health = async () => (await organization.owner.get(endpoint.path)).body.health
  receiver.answers(500, 500, 204)
  await world.project(organization)
  await untilStatuses(world, endpoint, ['retrying'])
  const failing = await health()
  expect(failing).toMatchObject({ lastSuccessAt: null, pending: 1, failed: 0 })
  expect(failing.failingSince).toBe(failing.lastFailureAt)
  await makeDue(world, endpoint)
  worker.wake()
  await receiver.received(2)
  await untilStatuses(world, endpoint, ['retrying'])
  expect((await health()).failingSince).toBe(failing.failingSince)
  await makeDue(world, endpoint)
  worker.wake()
  await untilStatuses(world, endpoint, ['succeeded'])
  expect(await health()).toMatchObject({ failingSince: null, lastSuccessAt: expect.any(String), pending: 0 })
})

it('tells other processes that there is something to deliver', async () => {
  let heard = 0
  const notices = hearChanges(world.ctx, world.database.appUrl, () => heard++)
  // Whoever begins to listen may have missed something.
  await expect.poll(() => heard).toBe(1)
  wakeOthers(world.ctx)
  await world.project(organization)
  await expect.poll(() => heard).toBeGreaterThan(1)
  await notices.stop()
})

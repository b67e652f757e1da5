import { setTimeout as wait } from 'node:timers/promises'
import { beforeEach, expect, it } from 'vitest'
import { type Endpoint, makeEndpoint } from '../support/webhook-endpoints.ts'
import {
  deliveriesOf,
  makeDue,
  type Receiving,
  startedWith,
  untilStatuses,
} from '../support/webhook-worker.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const started = startedWith(world)
let { organization, receiver, endpoint: healthy } = {} as Receiving

beforeEach(async () => {
  ;({
    organization,
    receiver,
    endpoint: healthy,
  } = await started.receiving({ plan: 'scale', eventTypes: ['project.created'] }))
})

const succeeded = (count: number) => Array(count).fill('succeeded')

/** As many deliveries as there may be after a bad hour, each of an event of its own; in the order of neither rows nor ids. */
const putQueue = async ({ id, organization }: Endpoint, count: number) => {
  await world.sql(
    `insert into events (stream_id, sequence, id, type, occurred_at, data)
     select $1, 1000000 + number, 'evt_queue' || number || right($2, 6), 'project.created', now(), '{}' from generate_series(1, $3::integer) number`,
    [organization.id, id, count],
  )
  await world.sql(
    `insert into webhook_deliveries (id, organization_id, endpoint_id, event_id, event_type, next_attempt_at)
     select 'dlv_queue' || number || right($2, 6), $1, $2, 'evt_queue' || number || right($2, 6), 'project.created',
       now() - interval '1 hour' - number * 7919 % $3 * interval '1 millisecond'
     from generate_series(1, $3::integer) number`,
    [organization.id, id, count],
  )
}

it('delivers to others while one receiver hangs', async () => {
  const hanging = await started.receiver()
  hanging.answers('hang')
  const stuck = await makeEndpoint(organization, { url: hanging.url, eventTypes: ['project.created'] })
  const worker = started.worker({ webhooks: { concurrency: 8 } })
  for (let count = 0; count < 12; count++) await world.project(organization)
  await untilStatuses(world, healthy, succeeded(12))
  expect((await hanging.received(2)).length).toBe(2)
  expect(worker.inFlight()).toBe(2)
  const statuses = (await deliveriesOf(world, stuck)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 'delivering')).toHaveLength(2)
})

it('delivers to others though more receivers hang than there are places, once that is known of them', async () => {
  const hanging = await started.receiver()
  hanging.answers('hang')
  for (let count = 0; count < 12; count++)
    await makeEndpoint(organization, { url: hanging.url, eventTypes: ['project.created'] })
  await world.sql('update webhook_endpoints set failing_since = now() where id <> $1', [healthy.id])
  const worker = started.worker({ webhooks: { concurrency: 8 } })
  for (let count = 0; count < 3; count++) await world.project(organization)
  await untilStatuses(world, healthy, succeeded(3))
  // One each, however many wait for them.
  await hanging.received(12)
  expect(worker.inFlight()).toBe(12)
  const [row] = await world.sql<{ endpoints: number }>(
    `select count(distinct endpoint_id)::integer as endpoints from webhook_deliveries where status = 'delivering'`,
  )
  expect(row?.endpoints).toBe(12)
})

it('comes again to one that failed once, though more that fail hang than there are places for them', async () => {
  const hanging = await started.receiver()
  hanging.answers('hang')
  for (let count = 0; count < 12; count++)
    await makeEndpoint(organization, { url: hanging.url, eventTypes: ['project.created'] })
  const failing = await started.receiver()
  failing.answers(500, 204)
  // The last in the order of ids.
  const last = await makeEndpoint(organization, { url: failing.url, eventTypes: ['project.created'] })
  await world.sql('update webhook_endpoints set failing_since = now() where id <> all($1)', [
    [healthy.id, last.id],
  ])
  await world.project(organization)
  const worker = started.worker({ webhooks: { concurrency: 8 } })
  await untilStatuses(world, last, ['retrying'])
  await makeDue(world, last)
  worker.wake()
  await untilStatuses(world, last, succeeded(1))
  expect(worker.inFlight()).toBe(12)
})

it('gives an endpoint that takes something again the places of the others at once', async () => {
  for (let count = 0; count < 6; count++) await world.project(organization)
  await world.sql('update webhook_endpoints set failing_since = now() where id = $1', [healthy.id])
  // Its one place stays taken after the first, and by this clock the time to look again never comes.
  receiver.answers(204, 'hang', 204)
  started.worker({ ctx: { monotonicMs: () => 0 } })
  await expect
    .poll(async () => (await deliveriesOf(world, healthy)).map(({ status }) => status).sort(), {
      timeout: 10_000,
    })
    .toEqual(['delivering', ...succeeded(5)])
})

it('takes turns with an endpoint that has a hundred thousand to get', async () => {
  const busy = await started.receiver()
  busy.answers('hang')
  const queue = await makeEndpoint(organization, { url: busy.url })
  await putQueue(queue, 100_000)
  started.worker({ webhooks: { concurrency: 8 } })
  await busy.received(2)
  for (let count = 0; count < 10; count++) await world.project(organization)
  await untilStatuses(world, healthy, succeeded(10))
  expect(busy.requests).toHaveLength(2)
})

it('works a queue off with more and more at once, in order of their time', async () => {
  const queue = await makeEndpoint(organization, { url: receiver.url })
  await putQueue(queue, 300)
  const due = await world.sql<{ id: string }>(
    'select id from webhook_deliveries where endpoint_id = $1 order by next_attempt_at',
    [queue.id],
  )
  let atOnce = 0
  let mostAtOnce = 0
  receiver.answers(async () => {
    mostAtOnce = Math.max(mostAtOnce, ++atOnce)
    await wait(50)
    atOnce--
    return 204
  })
  started.worker({ webhooks: { concurrency: 64 } })
  await untilStatuses(world, queue, succeeded(300))
  expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(300)
  expect(mostAtOnce).toBe(16)
  // What one claim took has one time, and goes out in any order.
  const places = new Map(due.map(({ id }, place) => [id, place]))
  const claims = await world.sql<{ ids: string[] }>(
    `select array_agg(delivery_id) as ids from webhook_attempts join webhook_deliveries on id = delivery_id
     where endpoint_id = $1 group by at order by at`,
    [queue.id],
  )
  const taken = claims.flatMap(({ ids }) => ids.map((id) => places.get(id) ?? -1).sort((a, b) => a - b))
  expect(taken).toEqual(due.map((_, place) => place))
})

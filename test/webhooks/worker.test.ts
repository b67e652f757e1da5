import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startWebhookReceiver } from '../support/receiver.ts'
import { type Endpoint, makeEndpoint } from '../support/webhook-endpoints.ts'
import { makeDue, startWorker, type TestWorker, untilStatuses } from '../support/webhook-worker.ts'
import { type Organization, startWorld } from '../support/world.ts'

const world = startWorld()
let organization: Organization
let receiver: Awaited<ReturnType<typeof startWebhookReceiver>>
let endpoint: Endpoint
let worker: TestWorker

beforeEach(async () => {
  organization = await world.organization({ plan: 'pro' })
  receiver = await startWebhookReceiver()
  endpoint = await makeEndpoint(organization, { url: `${receiver.url}/hook`, eventTypes: ['project.*'] })
  worker = startWorker(world)
})
afterEach(async () => {
  await worker.stop()
  await receiver.close()
})

const attemptsOf = (id: string) =>
  world.sql<Record<string, unknown>>(
    `select number, status, error, answer, request_headers, latency_ms, at
     from webhook_attempts where delivery_id = $1 order by number`,
    [id],
  )

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
  expect(await attemptsOf(delivery?.id ?? '')).toEqual([
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

import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Received } from '../support/receiver.ts'
import { type Endpoint, makeEndpoint } from '../support/webhook-endpoints.ts'
import { attemptsOf, startedWith, type TestWorker, untilStatuses } from '../support/webhook-worker.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const started = startedWith(world)
let receiver: Awaited<ReturnType<typeof started.receiver>>
let worker: TestWorker

beforeEach(async () => {
  receiver = await started.receiver()
  worker = started.worker()
})
afterEach(started.end)

const endpointOf = (organization: Parameters<typeof makeEndpoint>[0]) =>
  makeEndpoint(organization, { url: `${receiver.url}/hook`, eventTypes: ['project.created'] })

function isFor({ secret }: Endpoint, { body, headers }: Received): boolean {
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>)
    return true
  } catch {
    return false
  }
}

it('keeps a connection for each endpoint, however many have one URL, in one organization or two', async () => {
  const [mine, theirs] = [
    await world.organization({ plan: 'pro' }),
    await world.organization({ plan: 'pro' }),
  ]
  const endpoints = [await endpointOf(mine), await endpointOf(mine), await endpointOf(theirs)]
  for (let round = 1; round <= 3; round++) {
    for (const organization of [mine, theirs]) await world.project(organization)
    for (const endpoint of endpoints) await untilStatuses(world, endpoint, Array(round).fill('succeeded'))
  }
  const ports = endpoints.map((endpoint) =>
    receiver.requests.filter((request) => isFor(endpoint, request)).map(({ fromPort }) => fromPort),
  )
  expect(ports.map((same) => [same.length, new Set(same).size])).toEqual([
    [3, 1],
    [3, 1],
    [3, 1],
  ])
  expect(new Set(ports.flat()).size).toBe(3)
  expect(receiver.seen.connections).toBe(3)
})

it('takes a connection that its receiver closed for no attempt', async () => {
  receiver.answers(204, 'reset', 204)
  const organization = await world.organization({ plan: 'pro' })
  const endpoint = await endpointOf(organization)
  await world.project(organization)
  await untilStatuses(world, endpoint, ['succeeded'])
  await world.project(organization)
  const [, second] = await untilStatuses(world, endpoint, ['succeeded', 'succeeded'])
  expect(await attemptsOf(world, second?.id)).toMatchObject([{ number: 1, status: 204, error: null }])
  const [first, lost, again] = receiver.requests
  expect(receiver.requests).toHaveLength(3)
  expect(lost?.fromPort).toBe(first?.fromPort)
  expect(again).toEqual({ ...lost, fromPort: again?.fromPort })
  expect(again?.fromPort).not.toBe(lost?.fromPort)
})

it('closes its connections when it stops', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const endpoint = await endpointOf(organization)
  await world.project(organization)
  await untilStatuses(world, endpoint, ['succeeded'])
  let isClosed = false
  void receiver.allClosed().then(() => {
    isClosed = true
  })
  await worker.stop()
  // Before it would be closed because nothing came for seconds.
  await expect.poll(() => isClosed).toBe(true)
})

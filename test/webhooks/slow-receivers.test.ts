import { expect, it } from 'vitest'
import { makeEndpoint } from '../support/webhook-endpoints.ts'
import { gate, startedWith } from '../support/webhook-worker.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const started = startedWith(world)

const eventTypes = ['project.created']

it('gives the place of a slow attempt to another though as many were slow as may be, once one of them ends', async () => {
  const hanging = await started.receiver()
  hanging.answers('hang')
  const [first, last] = [await started.receiver(), await started.receiver()]
  const isOpen = gate()
  first.answers(async () => {
    await isOpen.promise
    return 204
  })
  // In the order of their ids, one attempt each: eight that are slow, one that takes the place, and one that waits.
  for (const { url } of [first, ...Array(8).fill(hanging), last]) {
    const organization = await world.organization()
    await makeEndpoint(organization, { url, eventTypes })
    await world.project(organization)
  }
  const worker = started.worker({ webhooks: { concurrency: 1 } })
  await hanging.received(8)
  await untilOneMoreIsSlow()
  expect(worker.inFlight()).toBe(11)
  expect(last.requests).toEqual([])
  isOpen.resolve()
  await expect.poll(() => last.requests.length, { timeout: 5_000 }).toBe(1)
})

/** In the other lane: its second attempt begins when its first is slow, and so is by then whatever began before that. */
async function untilOneMoreIsSlow(): Promise<void> {
  const organization = await world.organization({ plan: 'scale' })
  const receiver = await started.receiver()
  receiver.answers('hang')
  for (let count = 0; count < 2; count++) await makeEndpoint(organization, { url: receiver.url, eventTypes })
  await world.sql('update webhook_endpoints set failing_since = now() where organization_id = $1', [
    organization.id,
  ])
  await world.project(organization)
  await receiver.received(2)
}

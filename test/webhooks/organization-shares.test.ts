import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { addAlike, makeEndpoint } from '../support/webhook-endpoints.ts'
import { startedWith, type TestWorker, untilStatuses } from '../support/webhook-worker.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const started = startedWith(world)

const eventTypes = ['project.created']

/** Every attempt that hangs has given its place away by then, and nobody took another: whatever may be under way is. */
async function untilNoMoreBegin(worker: TestWorker): Promise<number> {
  for (let before = -1; ; ) {
    const now = worker.inFlight()
    if (now > 0 && now === before) return now
    before = now
    await wait(1_000)
  }
}

it('delivers to another organization while 250 endpoints of one hang that answered before', async () => {
  const [crowded, other] = [
    await world.organization({ plan: 'scale' }),
    await world.organization({ plan: 'pro' }),
  ]
  const [hanging, answering] = [await started.receiver(), await started.receiver()]
  await addAlike(world, await makeEndpoint(crowded, { url: hanging.url, eventTypes }), 249)
  const endpoint = await makeEndpoint(other, { url: answering.url, eventTypes })
  const worker = started.worker({ webhooks: { concurrency: 32 } })
  const statuses = async () => {
    const rows = await world.sql<{ status: string }>(
      'select distinct status from webhook_deliveries where organization_id = $1 order by status',
      [crowded.id],
    )
    return rows.map(({ status }) => status)
  }
  await world.project(crowded)
  await expect.poll(statuses, { timeout: 20_000 }).toEqual(['succeeded'])

  hanging.answers('hang')
  for (let count = 0; count < 4; count++) await world.project(crowded)
  const held = await untilNoMoreBegin(worker)
  await world.project(other)
  await untilStatuses(world, endpoint, ['succeeded'])
  expect(worker.inFlight()).toBe(held)
  expect(await statuses()).toEqual(['delivering', 'pending', 'succeeded'])
})

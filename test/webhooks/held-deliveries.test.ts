import pg from 'pg'
import { afterEach, expect, it } from 'vitest'
import { makeEndpoint } from '../support/webhook-endpoints.ts'
import { deliveriesOf, gate, startedWith, untilStatuses } from '../support/webhook-worker.ts'
import { untilWaiting } from '../support/while-locked.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const started = startedWith(world)
afterEach(started.end)

const begin = async () => {
  const organization = await world.organization({ plan: 'pro' })
  const receiver = await started.receiver()
  const isOpen = gate()
  receiver.answers(async () => {
    await isOpen.promise
    return 204
  })
  const endpoint = await makeEndpoint(organization, { url: receiver.url, eventTypes: ['project.*'] })
  await world.project(organization)
  return { organization, receiver, endpoint, isOpen }
}

it('puts on record what others got while somebody holds deliveries, and these when that is over', async () => {
  const [held, other] = [await begin(), await begin()]
  started.worker()
  await held.receiver.received(1)
  await other.receiver.received(1)
  const holder = new pg.Client({ connectionString: world.database.superuserUrl })
  await holder.connect()
  await holder.query('begin')
  await holder.query('select from webhook_deliveries where endpoint_id = $1 for update', [held.endpoint.id])
  held.isOpen.resolve()
  await untilWaiting(world, 1)
  other.isOpen.resolve()
  await untilStatuses(world, other.endpoint, ['succeeded'])
  await world.project(other.organization)
  await untilStatuses(world, other.endpoint, ['succeeded', 'succeeded'])
  expect(await deliveriesOf(world, held.endpoint)).toMatchObject([{ status: 'delivering' }])
  await holder.query('commit')
  await holder.end()
  await untilStatuses(world, held.endpoint, ['succeeded'])
  expect(held.receiver.requests).toHaveLength(1)
})

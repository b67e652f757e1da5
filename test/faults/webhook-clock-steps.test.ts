import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { deliveriesPath } from '../support/webhook-deliveries.ts'
import { makeEndpoint } from '../support/webhook-endpoints.ts'
import {
  attemptsOf,
  deliveriesOf,
  gate,
  makeDue,
  type Receiving,
  startedWith,
  untilStatuses,
} from '../support/webhook-worker.ts'
import { whileLocked } from '../support/while-locked.ts'
import { startWorld } from '../support/world.ts'

// Of the whole process, since ids are made by it.
const hostNow = Date.now
let stepMs = 0
beforeAll(() => void vi.spyOn(Date, 'now').mockImplementation(() => hostNow() + stepMs))
afterAll(() => vi.restoreAllMocks())

const world = startWorld({ clock: () => new Date(Date.now()) })
const started = startedWith(world)
let { organization, receiver, endpoint } = {} as Receiving

beforeEach(async () => {
  stepMs = 0
  ;({ organization, receiver, endpoint } = await started.receiving({ eventTypes: ['project.created'] }))
})

/** Returns when a worker has looked for all that is due, and has found it. */
async function lookedForAll() {
  const { url } = await started.receiver()
  const other = await makeEndpoint(organization, { url })
  expect((await organization.owner.post(`${other.path}/test`)).status).toBe(202)
  await untilStatuses(world, other, ['succeeded'])
}

const hour = 3_600_000

describe.each([
  ['forwards', hour],
  ['backwards', -hour],
])('the host’s clock steps an hour %s', (_where, step) => {
  it('leaves a lease to its holder until it ends, and not beyond', async () => {
    const isOpen = gate()
    const held = async () => {
      await isOpen.promise
      return 204
    }
    receiver.answers(held)
    const holder = started.worker()
    await world.project(organization)
    await receiver.received(1)
    stepMs = step
    const stopped = holder.stop(10_000)
    const next = started.worker()
    await lookedForAll()
    expect(receiver.requests).toHaveLength(1)

    await makeDue(world, endpoint)
    next.wake()
    await receiver.received(2)
    const [lease] = await deliveriesOf(world, endpoint)
    expect(lease?.seconds_left).toBeGreaterThan(0)
    expect(lease?.seconds_left).toBeLessThanOrEqual(60)
    isOpen.resolve()
    await stopped
    await untilStatuses(world, endpoint, ['succeeded'])
    expect(await attemptsOf(world, lease?.id)).toHaveLength(1)
  })

  it('attempts again when it is time, neither before nor later', async () => {
    await world.project(organization)
    await world.sql('update webhook_deliveries set attempts = 3 where endpoint_id = $1', [endpoint.id])
    receiver.answers(500, 204)
    stepMs = step
    const worker = started.worker()
    const [waiting] = await untilStatuses(world, endpoint, ['retrying'])
    // Two hours, a fifth more or less.
    expect(waiting?.seconds_left).toBeGreaterThan(1.5 * 3_600)
    expect(waiting?.seconds_left).toBeLessThan(2.5 * 3_600)

    await world.sql(
      `update webhook_deliveries set next_attempt_at = now() + interval '10 minutes' where endpoint_id = $1`,
      [endpoint.id],
    )
    worker.wake()
    await lookedForAll()
    expect(receiver.requests).toHaveLength(1)
    await makeDue(world, endpoint)
    worker.wake()
    await untilStatuses(world, endpoint, ['succeeded'])
  })

  it('signs with the old secret as long as it overlaps', async () => {
    await organization.owner.post(`${endpoint.path}/rotate-secret`, { overlapSeconds: 60 })
    stepMs = step
    const worker = started.worker()
    await world.project(organization)
    await untilStatuses(world, endpoint, ['succeeded'])
    await world.sql('update webhook_endpoints set previous_secret_expires_at = now() where id = $1', [
      endpoint.id,
    ])
    await world.project(organization)
    worker.wake()
    await untilStatuses(world, endpoint, ['succeeded', 'succeeded'])
    const signatures = receiver.requests.map(({ headers }) => `${headers['webhook-signature']}`.split(' '))
    expect(signatures.map(({ length }) => length)).toEqual([2, 1])
  })

  it.each([
    ['all', ''],
    ['pending', '&status=pending'],
  ])('lists what was made in a time: %s deliveries', async (_kind, filter) => {
    stepMs = step
    // The id is of a moment before that: what a change takes is not counted in its time.
    const head = { statement: 'select from streams where id = $1 for update', values: [organization.id] }
    await whileLocked(world, head, () => [world.project(organization)])
    const [row] = await world.sql<{ id: string; created_at: Date }>(
      'select id, created_at from webhook_deliveries where endpoint_id = $1',
      [endpoint.id],
    )
    const madeAt = Number(row?.created_at)
    const listed = async (from: number, to: number) => {
      const times = `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`
      const { body } = await organization.owner.get(`${deliveriesPath(organization)}?${times}${filter}`)
      return body.data.map(({ id }: { id: string }) => id)
    }
    expect(await listed(madeAt, madeAt + 1)).toEqual([row?.id])
    expect(await listed(madeAt - hour, madeAt)).toEqual([])
    expect(await listed(madeAt + 1, madeAt + hour)).toEqual([])
  })
})

import { beforeEach, describe, expect, it } from 'vitest'
import { claimDeliveries } from '../../src/features/webhooks/claim-queries.ts'
import { markDeliveries, releaseDeliveries } from '../../src/features/webhooks/mark-queries.ts'
import {
  attemptsOf,
  claimOf,
  deliveriesOf,
  gate,
  makeDue,
  markOf,
  type Receiving,
  startedWith,
  untilQuiet,
  untilStatuses,
} from '../support/webhook-worker.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const started = startedWith(world)
let { organization, receiver, endpoint } = {} as Receiving

beforeEach(async () => {
  ;({ organization, receiver, endpoint } = await started.receiving())
})

const claim = async (places?: number) => (await claimDeliveries(world.ctx.db, claimOf(places))).taken

type Taken = Awaited<ReturnType<typeof claim>>[number]
const one = ([taken]: Taken[]) => {
  if (!taken) throw new Error('nothing was claimed')
  return taken
}

describe('a lease', () => {
  it('counts no attempt yet, and ends in a minute by the clock of the database', async () => {
    await world.project(organization)
    const taken = one(await claim())
    expect(taken).toMatchObject({ status: 'delivering', attempts: 0, endpoint_id: endpoint.id })
    const [row] = await deliveriesOf(world, endpoint)
    expect(row).toMatchObject({ status: 'delivering', attempts: 0, lease_token: taken.lease_token })
    expect(Number(row?.next_attempt_at) - Number(taken.claimed_at)).toBe(60_000)
    expect(await claim()).toEqual([])
  })

  it('that moved on leaves its former holder without a say', async () => {
    await world.project(organization)
    const former = one(await claim())
    await makeDue(world, endpoint)
    const holder = one(await claim())
    expect(holder).toMatchObject({ id: former.id, attempts: 0 })
    const before = await deliveriesOf(world, endpoint)
    expect(await markDeliveries(world.ctx.db, [markOf(former, 'succeeded')])).toEqual([])
    await releaseDeliveries(world.ctx.db, [former])
    expect(await deliveriesOf(world, endpoint)).toMatchObject([
      { ...before[0], seconds_left: expect.any(Number) },
    ])
    expect(await attemptsOf(world, former.id)).toEqual([])
    const [health] = await world.sql('select last_success_at from webhook_endpoints where id = $1', [
      endpoint.id,
    ])
    expect(health).toEqual({ last_success_at: null })
    expect(await markDeliveries(world.ctx.db, [markOf(holder, 'retrying')])).toMatchObject([
      { id: holder.id },
    ])
    expect(await deliveriesOf(world, endpoint)).toMatchObject([
      { status: 'retrying', attempts: 1, lease_token: null },
    ])
    expect(await attemptsOf(world, holder.id)).toMatchObject([{ number: 1, status: 500 }])
  })

  it('is nobody else’s, however many claim at once', async () => {
    for (let count = 0; count < 10; count++) await world.project(organization)
    for (let round = 0; round < 10; round++) {
      const claims = await Promise.all([claim(3), claim(3), claim(3), claim(3)])
      const ids = claims.flat().map(({ id }) => id)
      expect(ids).toHaveLength(10)
      expect(new Set(ids).size).toBe(10)
      await makeDue(world, endpoint)
    }
  })

  it('given back leaves no trace', async () => {
    await world.project(organization)
    await releaseDeliveries(world.ctx.db, [one(await claim())])
    expect(await deliveriesOf(world, endpoint)).toMatchObject([
      { status: 'pending', attempts: 0, lease_token: null },
    ])
    await world.sql(`update webhook_deliveries set status = 'retrying', attempts = 3`)
    await releaseDeliveries(world.ctx.db, [one(await claim())])
    const [row] = await deliveriesOf(world, endpoint)
    expect(row).toMatchObject({ status: 'retrying', attempts: 3, lease_token: null })
    expect(row?.seconds_left).toBeLessThanOrEqual(0)
  })
})

it('takes over from a worker that was killed, with the same id', async () => {
  await world.project(organization)
  const lost = one(await claim())
  const worker = started.worker()
  await makeDue(world, endpoint)
  worker.wake()
  const [delivery] = await untilStatuses(world, endpoint, ['succeeded'])
  expect(delivery?.attempts).toBe(1)
  expect((await receiver.received(1))[0]?.headers['webhook-id']).toBe(lost.event_id)
  expect(await attemptsOf(world, delivery?.id)).toMatchObject([{ number: 1, status: 204 }])
})

it('begins the schedule with the first attempt on record, however many workers were killed before', async () => {
  await world.project(organization)
  for (let killed = 0; killed < 3; killed++) {
    await claim()
    await makeDue(world, endpoint)
  }
  receiver.answers(500)
  started.worker()
  const [delivery] = await untilStatuses(world, endpoint, ['retrying'])
  expect(delivery?.attempts).toBe(1)
  expect(delivery?.seconds_left).toBeLessThan(6.1)
  expect(await attemptsOf(world, delivery?.id)).toMatchObject([{ number: 1, status: 500 }])
})

it('is shared by workers, and nothing is sent twice', async () => {
  const workers = [started.worker(), started.worker()]
  const isOpen = gate()
  receiver.answers(async () => {
    await isOpen.promise
    return 204
  })
  for (let count = 0; count < 10; count++) await world.project(organization)
  await expect.poll(() => workers.every((worker) => worker.inFlight() > 0)).toBe(true)
  isOpen.resolve()
  await untilStatuses(world, endpoint, Array(10).fill('succeeded'))
  const ids = receiver.requests.map(({ headers }) => headers['webhook-id'])
  expect(ids).toHaveLength(10)
  expect(new Set(ids).size).toBe(10)
})

describe('a stop', () => {
  it('lets attempts finish, and claims nothing more', async () => {
    const isOpen = gate()
    receiver.answers(async () => {
      await isOpen.promise
      return 204
    })
    const worker = started.worker()
    await world.project(organization)
    await receiver.received(1)
    await untilQuiet(world)
    const stopped = worker.stop(20_000)
    await world.project(organization)
    worker.wake()
    isOpen.resolve()
    await stopped
    expect((await deliveriesOf(world, endpoint)).map(({ status }) => status)).toEqual([
      'succeeded',
      'pending',
    ])
    expect(receiver.requests).toHaveLength(1)
  })

  it('gives back what is not over in time, for the next worker to deliver', async () => {
    receiver.answers('hang')
    const worker = started.worker()
    await world.project(organization)
    await receiver.received(1)
    await worker.stop(0)
    const [given] = await deliveriesOf(world, endpoint)
    expect(given).toMatchObject({ status: 'pending', attempts: 0, lease_token: null })
    expect(given?.seconds_left).toBeLessThanOrEqual(0)
    expect(await attemptsOf(world, given?.id)).toEqual([])
    receiver.answers(204)
    started.worker()
    await untilStatuses(world, endpoint, ['succeeded'])
    const [first, second] = await receiver.received(2)
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
    expect(second?.body).toBe(first?.body)
  })
})

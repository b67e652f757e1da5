import { afterEach, beforeEach, expect, it } from 'vitest'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import {
  attemptsOf,
  gate,
  makeDue,
  type Receiving,
  startedWith,
  untilQuiet,
  untilStatuses,
} from '../support/webhook-worker.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const started = startedWith(world)
let { organization, receiver, endpoint } = {} as Receiving
let proxy: FaultProxy

const claim = 'with recursive walk'
const mark = 'with result as'

beforeEach(async () => {
  ;({ organization, receiver, endpoint } = await started.receiving())
  proxy = await startFaultProxy(world.database.appUrl)
})
afterEach(async () => {
  await started.end()
  await proxy.stop()
})

/** The delivery went out once and is on record once. */
async function expectOnce(): Promise<void> {
  const [delivery] = await untilStatuses(world, endpoint, ['succeeded'])
  expect(await attemptsOf(world, delivery?.id)).toMatchObject([{ number: 1, status: 204 }])
  expect(receiver.requests).toHaveLength(1)
}

it('goes on after its connections were lost', async () => {
  const worker = started.worker({ url: proxy.url })
  for (let count = 1; count <= 3; count++) {
    // A claim that is cut off while it is under way could leave the next delivery to its lease.
    await untilQuiet(world)
    proxy.cut(count === 2 ? 'reset' : 'cut')
    await world.project(organization)
    await untilStatuses(world, endpoint, Array(count).fill('succeeded'))
  }
  expect(receiver.requests).toHaveLength(3)
  expect(worker.isWell()).toBe(true)
})

it('leaves to its lease what it never heard of having claimed', async () => {
  await world.project(organization)
  // Whichever lane asks first.
  for (let count = 0; count < 20; count++) proxy.loseAnswerTo(claim)
  const worker = started.worker({ url: proxy.url })
  await untilStatuses(world, endpoint, ['delivering'])
  await proxy.heal()
  expect(receiver.requests).toEqual([])
  await makeDue(world, endpoint)
  worker.wake()
  const [delivery] = await untilStatuses(world, endpoint, ['succeeded'])
  expect(delivery?.attempts).toBe(1)
  expect(receiver.requests).toHaveLength(1)
})

it.each([
  ['never arrives', () => proxy.resetBefore(mark)],
  ['arrives, and its answer is lost', () => proxy.loseAnswerTo(mark)],
])('puts an attempt on record again where that %s', async (_what, trouble) => {
  const trap = trouble()
  started.worker({ url: proxy.url })
  await world.project(organization)
  await trap.caught
  await expectOnce()
})

it('keeps what is to be put on record until the database is back', async () => {
  const isOpen = gate()
  receiver.answers(async () => {
    await isOpen.promise
    return 204
  })
  const worker = started.worker({ url: proxy.url })
  await world.project(organization)
  await receiver.received(1)
  await proxy.refuse()
  isOpen.resolve()
  await expect.poll(() => world.logLines.join('')).toContain('attempts are not on record yet')
  await proxy.heal()
  await expectOnce()
  expect(worker.isWell()).toBe(true)
})

it('puts the others on record where the database refuses one', async () => {
  const isOpen = gate()
  receiver.answers(async ({ headers }) => {
    await isOpen.promise
    return { status: 204, headers: { connection: 'close', 'x-of': String(headers['webhook-id']) } }
  })
  for (let count = 0; count < 3; count++) await world.project(organization)
  await world.sql(
    `alter table webhook_attempts add constraint refuses_one check (delivery_id <>
       '${(await world.sql<{ id: string }>('select id from webhook_deliveries order by id desc limit 1'))[0]?.id}')`,
  )
  started.worker()
  await receiver.received(3)
  isOpen.resolve()
  await untilStatuses(world, endpoint, ['succeeded', 'succeeded', 'delivering'])
  const told = () => world.logLines.filter((line) => line.includes('an attempt cannot be put on record'))
  await expect.poll(told).toHaveLength(1)
  expect(JSON.parse(told()[0] ?? '')).toMatchObject({ code: '23514', constraint: 'refuses_one' })
  expect(told()[0]).not.toMatch(/signature|x-of|Failing row/)
  await world.sql('alter table webhook_attempts drop constraint refuses_one')
})

import { beforeEach, describe, expect, it } from 'vitest'
import { deliveriesOf, gate, type Receiving, startedWith } from '../support/webhook-worker.ts'
import { untilWaiting, whileLocked } from '../support/while-locked.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const started = startedWith(world)
let { organization, receiver, endpoint } = {} as Receiving

beforeEach(async () => {
  ;({ organization, receiver, endpoint } = await started.receiving())
})

const patch = async (body: Record<string, unknown>) => {
  expect((await organization.owner.patch(endpoint.path, body)).status).toBe(200)
}
const shown = async () => (await organization.owner.get(endpoint.path)).body

describe('a 410 that comes late', () => {
  it.each([
    ['off and on again', [{ enabled: false }, { enabled: true }], 'cancelled'],
    [
      'off, to another address, and on again',
      [{ enabled: false }, { url: 'https://mended.example/hook' }, { enabled: true }],
      'cancelled',
    ],
    ['to another address', [{ url: 'https://mended.example/hook' }], 'failed'],
  ])('does not switch off an endpoint that was meanwhile switched %s', async (_how, changes, status) => {
    const isOpen = gate()
    receiver.answers(async () => {
      await isOpen.promise
      return 410
    })
    const worker = started.worker()
    await world.project(organization)
    await receiver.received(1)
    for (const body of changes) await patch(body)
    isOpen.resolve()
    await worker.stop(20_000)
    expect(await deliveriesOf(world, endpoint)).toMatchObject([{ status }])
    expect(await shown()).toMatchObject({ enabled: true, disabledReason: null })
  })
})

it('is not switched off for a secret that is being replaced', async () => {
  await world.sql(`update webhook_endpoints set sealed_secret = '\\x0123' where id = $1`, [endpoint.id])
  await world.project(organization)
  const head = { statement: 'select from streams where id = $1 for update', values: [organization.id] }
  const [rotated] = await whileLocked<unknown>(world, head, () => [
    organization.owner.post(`${endpoint.path}/rotate-secret`, { overlapSeconds: 0 }),
    untilWaiting(world, 1).then(() => started.worker()),
  ])
  expect(rotated).toMatchObject({ status: 200 })
  await started.end()
  expect(await shown()).toMatchObject({ enabled: true, disabledReason: null })
})

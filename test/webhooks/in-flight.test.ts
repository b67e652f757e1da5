import { beforeEach, describe, expect, it } from 'vitest'
import { type Mark, markDeliveries } from '../../src/features/webhooks/mark-queries.ts'
import { expectRefusal } from '../support/shapes.ts'
import { deliveryRow, leaveDelivery, type MadeDelivery, makeDelivery } from '../support/webhook-deliveries.ts'
import { whileLocked } from '../support/while-locked.ts'
import { type Organization, startWorld } from '../support/world.ts'

const world = startWorld()
let organization: Organization
let made: MadeDelivery
/** The worker's end of the attempt that is in flight, as it comes later. */
let mark: (outcome: Mark['outcome']) => Promise<{ id: string }[]>

beforeEach(async () => {
  organization = await world.organization()
  made = await makeDelivery(world, organization)
  await leaveDelivery(world, made.id, 'delivering', 1, '1 minute')
  const lease = (await deliveryRow(world, made.id))?.lease_token ?? ''
  mark = (outcome) =>
    markDeliveries(
      world.ctx.db,
      [
        {
          id: made.id,
          lease_token: lease,
          outcome,
          wait_seconds: outcome === 'retrying' ? 300 : null,
          was_sent: true,
          number: 1,
          at: new Date(),
          status: 500,
          latency_ms: 5,
          error: null,
          request_headers: {},
          answer: null,
        },
      ],
      { waits: true },
    )
})

const owner = () => organization.owner
const path = (rest = '') => `${made.endpoint.path}${rest}`
const statusNow = async () => (await deliveryRow(world, made.id))?.status
const isTest = () =>
  world.sql(`update webhook_deliveries set event_type = 'webhook.test' where id = $1`, [made.id])

const ends = [
  ['disabling', () => owner().patch(path(), { enabled: false })],
  ['deleting', () => owner().delete(path())],
] as const

describe.each(ends)('%s the endpoint of an attempt in flight', (name, end) => {
  it.each(['succeeded', 'retrying', 'failed'] as const)(
    'cancels the delivery, and one that then %s stays so',
    async (outcome) => {
      await end()
      const cancelled = await deliveryRow(world, made.id)
      expect(cancelled).toMatchObject({ status: 'cancelled', is_due: false, lease_token: null })
      expect(await mark(outcome)).toEqual([])
      expect(await deliveryRow(world, made.id)).toEqual(cancelled)
    },
  )

  it('cancels what the worker is just putting on record as to be retried', async () => {
    const lock = {
      statement: `update webhook_deliveries set status = 'retrying', lease_token = null,
        next_attempt_at = now() + interval '5 minutes' where id = $1`,
      values: [made.id],
    }
    await whileLocked(world, lock, () => [end()])
    expect(await deliveryRow(world, made.id)).toMatchObject({ status: 'cancelled', lease_token: null })
  })

  it('leaves what the worker is just putting on record as done', async () => {
    const lock = {
      statement: `update webhook_deliveries set status = 'succeeded', lease_token = null, next_attempt_at = null,
        completed_at = now() where id = $1`,
      values: [made.id],
    }
    await whileLocked(world, lock, () => [end()])
    expect(await statusNow()).toBe('succeeded')
  })

  it('wins over a mark that comes while it is being done', async () => {
    const lock = {
      statement: `update webhook_deliveries set status = 'cancelled', lease_token = null, next_attempt_at = null,
        completed_at = now() where id = $1`,
      values: [made.id],
    }
    const [marked] = await whileLocked(world, lock, () => [mark('retrying')])
    expect(marked).toEqual([])
    expect(await statusNow()).toBe('cancelled')
  })

  it(`${name === 'deleting' ? 'cancels' : 'leaves'} a test`, async () => {
    await isTest()
    await end()
    const isLeft = name !== 'deleting'
    expect(await statusNow()).toBe(isLeft ? 'delivering' : 'cancelled')
    expect(await mark('succeeded')).toHaveLength(isLeft ? 1 : 0)
    expect(await statusNow()).toBe(isLeft ? 'succeeded' : 'cancelled')
  })
})

it('goes on with its attempt when it is retried, replayed, or the secret rotated meanwhile', async () => {
  const before = await deliveryRow(world, made.id)
  expectRefusal(await owner().post(`${made.path}/retry`), 'conflict')
  const replay = await owner().post(path('/replay'), { from: '2026-01-01T00:00:00Z', status: 'all' })
  expect(replay.body).toEqual({ count: 0 })
  expect((await owner().post(path('/rotate-secret'))).status).toBe(200)
  expect(await deliveryRow(world, made.id)).toEqual(before)
  expect(await mark('retrying')).toHaveLength(1)
  expect(await statusNow()).toBe('retrying')
})

describe('an attempt that ends after its delivery was cancelled and made due again', () => {
  beforeEach(async () => {
    await owner().patch(path(), { enabled: false })
    await owner().patch(path(), { enabled: true })
  })

  it.each([
    ['retried', () => owner().post(`${made.path}/retry`)],
    ['replayed', () => owner().post(path('/replay'), { from: '2026-01-01T00:00:00Z' })],
  ])('ends nothing of what was %s', async (_how, again) => {
    expect((await again()).status).toBe(202)
    expect(await mark('succeeded')).toEqual([])
    expect(await deliveryRow(world, made.id)).toMatchObject({ status: 'retrying', is_due: true })
  })
})

import pg from 'pg'
import { Webhook } from 'standardwebhooks'
import { beforeEach, describe, expect, it } from 'vitest'
import { system } from '../../src/actors.ts'
import type { ClaimedDelivery } from '../../src/features/webhooks/claim-queries.ts'
import { type Disabling, disableEndpoint } from '../../src/features/webhooks/disable-endpoint.ts'
import { makeEndpoint, putDelivery } from '../support/webhook-endpoints.ts'
import {
  attemptsOf,
  deliveriesOf,
  gate,
  makeDue,
  type Receiving,
  startedWith,
  untilStatuses,
} from '../support/webhook-worker.ts'
import { untilWaiting } from '../support/while-locked.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const started = startedWith(world)
let { organization, receiver, endpoint } = {} as Receiving

beforeEach(async () => {
  ;({ organization, receiver, endpoint } = await started.receiving())
})

const shown = async () => (await organization.owner.get(endpoint.path)).body
const disable = () => organization.owner.patch(endpoint.path, { enabled: false })
const test = () =>
  world.sql(`update webhook_deliveries set event_type = 'webhook.test' where endpoint_id = $1`, [endpoint.id])
/** Those of all workers so far; one that has nothing to do claims once in each of its two lanes. */
const claims = () =>
  world.ctx.metrics.webhookClaims.samples().find(({ suffix }) => suffix === '_count')?.value ?? 0
const statuses = async () => (await deliveriesOf(world, endpoint)).map(({ status }) => status)

/** What is on record of the endpoint's end, and that those who wanted to know were told. */
async function expectDisabledBy(reason: string): Promise<void> {
  expect(await shown()).toMatchObject({ enabled: false, disabledReason: reason })
  const audited = (await world.auditLog(organization.id)).filter(({ target_id }) => target_id === endpoint.id)
  expect(audited.at(-1)).toMatchObject({
    action: 'webhook_endpoint.disabled',
    actor_kind: 'system',
    request_id: 'system:webhook-worker',
  })
  const event = (await world.events(organization.id)).at(-1)
  expect(event).toMatchObject({
    type: 'webhook_endpoint.disabled',
    data: { id: endpoint.id, disabledReason: reason, previous: { enabled: true, disabledReason: null } },
  })
}

describe('a receiver that answers 410', () => {
  it('gets nothing more: its endpoint is switched off, what is open is cancelled, and the others are told', async () => {
    const other = await started.receiver()
    await makeEndpoint(organization, { url: other.url, eventTypes: ['webhook_endpoint.disabled'] })
    receiver.answers(410)
    await world.project(organization)
    await world.sql(
      `update webhook_deliveries set next_attempt_at = now() + interval '1 hour', status = 'retrying' where endpoint_id = $1`,
      [endpoint.id],
    )
    await world.project(organization)
    started.worker()
    const [, delivery] = await untilStatuses(world, endpoint, ['cancelled', 'failed'])
    expect(await attemptsOf(world, delivery?.id)).toMatchObject([
      { status: 410, error: 'the answer was 410: the receiver wants nothing more' },
    ])
    await expectDisabledBy('gone')
    const told = await other.received(1)
    expect(JSON.parse(told[0]?.body ?? '')).toMatchObject({
      type: 'webhook_endpoint.disabled',
      data: { id: endpoint.id, disabledReason: 'gone' },
    })
    await world.project(organization)
    expect(receiver.requests).toHaveLength(1)
  })
})

describe('an endpoint that fails', () => {
  const failsSince = (interval: string) =>
    world.sql('update webhook_endpoints set failing_since = now() - $2::interval where id = $1', [
      endpoint.id,
      interval,
    ])

  beforeEach(() => receiver.answers(500))

  it('for five days is switched off', async () => {
    await failsSince('5 days 1 second')
    started.worker()
    await world.project(organization)
    await untilStatuses(world, endpoint, ['cancelled'])
    await expectDisabledBy('failing')
  })

  it('for not quite as long goes on', async () => {
    await failsSince('4 days 23 hours')
    const worker = started.worker()
    await world.project(organization)
    await untilStatuses(world, endpoint, ['retrying'])
    await worker.stop()
    expect(await shown()).toMatchObject({ enabled: true, disabledReason: null })
  })

  it('goes on as well where something was taken in between, though that was not noted', async () => {
    const taken = await putDelivery(world, endpoint, 'succeeded')
    await world.sql(`update webhook_deliveries set completed_at = now() - interval '1 day' where id = $1`, [
      taken,
    ])
    await failsSince('6 days')
    const worker = started.worker()
    await world.project(organization)
    await untilStatuses(world, endpoint, ['succeeded', 'retrying'])
    await worker.stop()
    expect(await shown()).toMatchObject({ enabled: true })
  })
})

it('is not switched off for failing where that is over by then, nor twice', async () => {
  const [row] = await world.sql('select * from webhook_endpoints where id = $1', [endpoint.id])
  const attempted = { ...row, endpoint_id: endpoint.id } as unknown as ClaimedDelivery
  const switchOff = (reason: Disabling) => disableEndpoint(world.ctx, system('test'), attempted, reason)
  await switchOff('failing')
  await world.sql(
    `update webhook_endpoints set failing_since = now() - interval '4 days 23 hours' where id = $1`,
    [endpoint.id],
  )
  await switchOff('failing')
  expect(await shown()).toMatchObject({ enabled: true })
  await switchOff('gone')
  await switchOff('unreadable_secret')
  expect(await shown()).toMatchObject({ enabled: false, disabledReason: 'gone' })
  const types = (await world.events(organization.id)).map(({ type }) => type)
  expect(types.filter((type) => type === 'webhook_endpoint.disabled')).toHaveLength(1)
})

describe('a secret that cannot be read', () => {
  const unreadable = `the signing secret cannot be read: rotate it, then enable the endpoint again`

  it.each([
    ['the only one', `update webhook_endpoints set sealed_secret = '\\x0123' where id = $1`],
    [
      'the one before, while it signs',
      `update webhook_endpoints set sealed_previous_secret = sealed_secret || '\\x00', previous_secret_expires_at = now() + interval '1 hour'
       where id = $1`,
    ],
  ])('pauses its endpoint, tells us, and sends nothing: %s', async (_which, spoil) => {
    await world.sql(spoil, [endpoint.id])
    const worker = started.worker()
    await world.project(organization)
    const [delivery] = await untilStatuses(world, endpoint, ['failed'])
    expect(await attemptsOf(world, delivery?.id)).toMatchObject([
      { number: 1, status: null, error: unreadable, request_headers: {} },
    ])
    await worker.stop()
    await expectDisabledBy('unreadable_secret')
    expect(receiver.requests).toEqual([])
    const errors = world.logLines.filter((line) => line.includes('"level":50'))
    expect(errors).toMatchObject([
      expect.stringContaining('the signing secret of a webhook endpoint cannot be read'),
    ])
    const counted = worker.ctx.metrics.webhookAttempts.samples()
    expect(counted).toContainEqual(expect.objectContaining({ labels: { outcome: 'unreadable_secret' } }))
  })

  it('does not matter once its time is over', async () => {
    await world.sql(
      `update webhook_endpoints set sealed_previous_secret = '\\x00', previous_secret_expires_at = now() where id = $1`,
      [endpoint.id],
    )
    started.worker()
    await world.project(organization)
    await untilStatuses(world, endpoint, ['succeeded'])
    const [request] = await receiver.received(1)
    expect(String(request?.headers['webhook-signature']).split(' ')).toHaveLength(1)
  })
})

it('signs with both secrets while the one before has not ended', async () => {
  const rotated = await organization.owner.post(`${endpoint.path}/rotate-secret`, { overlapSeconds: 3_600 })
  expect(rotated.status).toBe(200)
  started.worker()
  await world.project(organization)
  const [request] = await receiver.received(1)
  for (const secret of [endpoint.secret, rotated.body.secret])
    new Webhook(secret).verify(request?.body ?? '', request?.headers as Record<string, string>)
})

describe('an endpoint that is switched off or deleted', () => {
  it('gets nothing of what is being cancelled by a change that is not over', async () => {
    await world.project(organization)
    const holder = new pg.Client({ connectionString: world.database.superuserUrl })
    await holder.connect()
    await holder.query('begin')
    await holder.query('select from streams where id = $1 for update', [organization.id])
    const disabling = disable()
    await untilWaiting(world, 1)
    let before = claims()
    const worker = started.worker()
    await expect.poll(claims).toBeGreaterThanOrEqual(before + 2)
    await holder.query('commit')
    expect((await disabling).status).toBe(200)
    await holder.end()
    before = claims()
    worker.wake()
    await expect.poll(claims).toBeGreaterThanOrEqual(before + 2)
    expect(await statuses()).toEqual(['cancelled'])
    expect(receiver.requests).toEqual([])
  })

  it.each([
    ['off', () => disable()],
    ['deleted', () => organization.owner.delete(endpoint.path)],
  ])('gets nothing of what a change beside it made, which is cancelled: %s', async (_how, end) => {
    await world.project(organization)
    expect((await end()).status).toBeLessThan(300)
    await world.sql(
      `update webhook_deliveries set status = 'pending', next_attempt_at = now(), completed_at = null where endpoint_id = $1`,
      [endpoint.id],
    )
    const worker = started.worker()
    await untilStatuses(world, endpoint, ['cancelled'])
    await worker.stop()
    expect(await deliveriesOf(world, endpoint)).toMatchObject([{ attempts: 0, lease_token: null }])
    expect(receiver.requests).toEqual([])
  })

  it('is still tested while it is off', async () => {
    await world.project(organization)
    await disable()
    await world.sql(
      `update webhook_deliveries set status = 'pending', next_attempt_at = now(), completed_at = null where endpoint_id = $1`,
      [endpoint.id],
    )
    await test()
    started.worker()
    await untilStatuses(world, endpoint, ['succeeded'])
    expect(await receiver.received(1)).toHaveLength(1)
  })

  it('ends what is in flight by then as cancelled, whatever came of it', async () => {
    const isOpen = gate()
    receiver.answers(async () => {
      await isOpen.promise
      return 500
    })
    const worker = started.worker()
    await world.project(organization)
    await receiver.received(1)
    await disable()
    isOpen.resolve()
    await worker.stop(20_000)
    expect(await deliveriesOf(world, endpoint)).toMatchObject([
      { status: 'cancelled', next_attempt_at: null, lease_token: null },
    ])
    await makeDue(world, endpoint)
    expect(await statuses()).toEqual(['cancelled'])
  })
})

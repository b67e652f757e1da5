import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { system } from '../../src/actors.ts'
import { change } from '../../src/change/change.ts'
import { cancelLeftDeliveries } from '../../src/features/webhooks/cancel-queries.ts'
import { deleteOldDeliveries } from '../../src/features/webhooks/retention-queries.ts'
import { keepHouse } from '../../src/housekeeping.ts'
import { deliveriesTo, type Endpoint, makeEndpoint, putDelivery } from '../support/webhook-endpoints.ts'
import { type Organization, startWorld } from '../support/world.ts'

const world = startWorld({ environment: { DELIVERY_RETENTION_DAYS: '7' } })
let organization: Organization
let endpoint: Endpoint

beforeEach(async () => {
  organization = await world.organization({ plan: 'pro' })
  endpoint = await makeEndpoint(organization)
})

const age = (table: string, column: string, id: string, interval: string) =>
  world.sql(`update ${table} set ${column} = now() - $2::interval where id = $1`, [id, interval])
const statusesOf = async (of: Endpoint) =>
  Object.fromEntries([...(await deliveriesTo(world, of)).values()].map(({ id, status }) => [id, status]))

it('forgets deliveries and events after their days, and nothing before', async () => {
  const [due, kept] = [await putDelivery(world, endpoint, 'failed'), await putDelivery(world, endpoint)]
  await age('webhook_deliveries', 'created_at', due, '7 days 1 minute')
  await age('webhook_deliveries', 'created_at', kept, '6 days 23 hours')
  await world.sql(
    `insert into webhook_attempts (delivery_id, number, at, latency_ms, request_headers) values ($1, 1, now(), 5, '{}')`,
    [due],
  )
  const events = await world.events(organization.id)
  await age('events', 'occurred_at', events[0]?.id ?? '', '7 days 1 minute')
  await age('events', 'occurred_at', events[1]?.id ?? '', '6 days 23 hours')
  await keepHouse(world.ctx)
  expect(await statusesOf(endpoint)).toEqual({ [kept]: 'pending' })
  expect(await world.sql('select from webhook_attempts')).toEqual([])
  expect((await world.events(organization.id)).map(({ id }) => id)).toEqual(
    events.slice(1).map(({ id }) => id),
  )
})

it('forgets no delivery that is still to be made, and of the others the oldest first, so many at a time', async () => {
  const made = [
    await putDelivery(world, endpoint, 'pending'),
    await putDelivery(world, endpoint, 'delivering'),
    await putDelivery(world, endpoint, 'retrying'),
    await putDelivery(world, endpoint, 'succeeded'),
    await putDelivery(world, endpoint, 'cancelled'),
    await putDelivery(world, endpoint, 'failed'),
  ]
  for (const [i, id] of made.entries()) await age('webhook_deliveries', 'created_at', id, `${20 - i} days`)
  // Sorted, because ids of one millisecond are not.
  const left = async () => Object.values(await statusesOf(endpoint)).sort()
  await deleteOldDeliveries(world.ctx.db, 7, 2)
  expect(await left()).toEqual(['delivering', 'failed', 'pending', 'retrying'])
  await keepHouse(world.ctx)
  expect(await left()).toEqual(['delivering', 'pending', 'retrying'])
})

describe('with more than one batch, which is 10,000', () => {
  beforeEach(async () => {
    await world.sql(
      `insert into webhook_deliveries (id, organization_id, endpoint_id, event_id, event_type, status, created_at)
       select $2 || n, $1, $2, $2 || n, 'user.created', 'failed', now() - interval '8 days' from generate_series(1, 25000) n`,
      [organization.id, endpoint.id],
    )
    await world.sql(
      `insert into events (stream_id, sequence, id, type, occurred_at, organization, data)
       select $1, 100 + n, $1 || n, 'user.created', now() - interval '8 days', '{}', '{}' from generate_series(1, 25000) n`,
      [organization.id],
    )
  })
  afterEach(() => world.sql('delete from webhook_deliveries'))

  const left = async () => {
    const [row] = await world.sql(
      `select (select count(*) from webhook_deliveries where endpoint_id = $1)::integer as deliveries,
         (select count(*) from events where stream_id = $2 and sequence > 100)::integer as events`,
      [endpoint.id, organization.id],
    )
    return row
  }

  it('forgets all in one round, so that no steady load is more than it can forget', async () => {
    await keepHouse(world.ctx)
    expect(await left()).toEqual({ deliveries: 0, events: 0 })
  })

  it('lets a stop wait for one batch alone', async () => {
    let batches = 0
    const db = world.ctx.db.withPlugin({
      transformQuery: ({ node }) => node,
      async transformResult({ result }) {
        if (result.numAffectedRows === 10_000n) batches++
        return result
      },
    })
    const stopsAfterOne = {
      get aborted() {
        return batches > 0
      },
    } as AbortSignal
    await keepHouse({ ...world.ctx, db }, stopsAfterOne)
    expect(await left()).toEqual({ deliveries: 15_000, events: 25_000 })
  })

  it('cancels all in one round', async () => {
    await world.sql(
      `update webhook_deliveries set status = 'pending', next_attempt_at = now() where endpoint_id = $1`,
      [endpoint.id],
    )
    await world.sql(
      `update webhook_endpoints set enabled = false, disabled_reason = 'manual' where id = $1`,
      [endpoint.id],
    )
    await keepHouse(world.ctx)
    expect(new Set(Object.values(await statusesOf(endpoint)))).toEqual(new Set(['cancelled']))
  })
})

it('forgets no delivery that somebody is about to make again, and does not wait for that', async () => {
  const id = await putDelivery(world, endpoint, 'failed')
  await age('webhook_deliveries', 'created_at', id, '8 days')
  const somebody = new pg.Client({ connectionString: world.database.superuserUrl })
  await somebody.connect()
  await somebody.query('begin')
  await somebody.query(
    `update webhook_deliveries set status = 'retrying', next_attempt_at = now() where id = $1`,
    [id],
  )
  await deleteOldDeliveries(world.ctx.db, 7, 10)
  await somebody.query('commit')
  await somebody.end()
  expect(await statusesOf(endpoint)).toEqual({ [id]: 'retrying' })
})

it('forgets deleted endpoints once nothing of theirs is kept', async () => {
  const other = await makeEndpoint(organization)
  const late = await putDelivery(world, other, 'succeeded')
  for (const { path, id } of [endpoint, other]) {
    await organization.owner.delete(path)
    await age('webhook_endpoints', 'deleted_at', id, '7 days 1 minute')
  }
  const recent = await makeEndpoint(organization)
  await organization.owner.delete(recent.path)
  const live = await makeEndpoint(organization)
  const left = async () =>
    (
      await world.sql('select id from webhook_endpoints where organization_id = $1 order by id', [
        organization.id,
      ])
    ).map(({ id }) => id)
  await keepHouse(world.ctx)
  expect(await left()).toEqual([other.id, recent.id, live.id])
  await age('webhook_deliveries', 'created_at', late, '8 days')
  await keepHouse(world.ctx)
  expect(await left()).toEqual([recent.id, live.id])
})

it('cancels what was left open at endpoints that are off or deleted, a bounded number at a time', async () => {
  const { owner } = organization
  const off = await makeEndpoint(organization, { enabled: false })
  const deleted = await makeEndpoint(organization)
  await owner.delete(deleted.path)
  const open = await putDelivery(world, endpoint)
  const [stray, test] = [
    await putDelivery(world, off),
    await putDelivery(world, off, 'pending', 'webhook.test'),
  ]
  const gone = [await putDelivery(world, deleted, 'delivering'), await putDelivery(world, deleted)]
  await cancelLeftDeliveries(world.ctx.db, 1)
  const cancelled = { ...(await statusesOf(off)), ...(await statusesOf(deleted)) }
  expect(Object.values(cancelled).filter((status) => status === 'cancelled')).toHaveLength(1)
  await keepHouse(world.ctx)
  expect(await statusesOf(endpoint)).toEqual({ [open]: 'pending' })
  expect(await statusesOf(off)).toEqual({ [stray]: 'cancelled', [test]: 'pending' })
  expect(Object.values(await statusesOf(deleted))).toEqual(gone.map(() => 'cancelled'))
})

it('leaves no event of a stream behind one that is gone', async () => {
  await change(world.ctx, system('test'), async (_tx, record) => {
    for (let i = 0; i < 5; i++)
      record('project.updated', { organizationId: organization.id, target: 'app_1' })
  })
  await world.sql(`update events set occurred_at = now() - interval '8 days' where stream_id = $1`, [
    organization.id,
  ])
  await world.sql('update events set occurred_at = now() where stream_id = $1 and sequence > 4', [
    organization.id,
  ])
  const before = (await world.events(organization.id)).length
  await keepHouse(world.ctx)
  const left = (await world.events(organization.id)).map(({ sequence }) => Number(sequence))
  expect(left).toEqual(Array.from({ length: before - 4 }, (_, i) => i + 5))
})

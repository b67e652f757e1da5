import { beforeEach, expect, it } from 'vitest'
import { readBacklog, recentBacklog } from '../../src/features/webhooks/backlog.ts'
import { countQueries } from '../support/count-queries.ts'
import { type Endpoint, makeEndpoint, putDelivery } from '../support/webhook-endpoints.ts'
import { type Organization, startWorld } from '../support/world.ts'

const world = startWorld()
let organization: Organization
let endpoint: Endpoint

beforeEach(async () => {
  await world.sql('delete from webhook_deliveries')
  organization = await world.organization({ plan: 'pro' })
  endpoint = await makeEndpoint(organization)
})

const due = async (to: Endpoint, since: string, status = 'pending') => {
  const id = await putDelivery(world, to, status)
  await world.sql('update webhook_deliveries set next_attempt_at = now() - $2::interval where id = $1', [
    id,
    since,
  ])
}

it('is empty where all is delivered, under way or for later', async () => {
  await putDelivery(world, endpoint, 'succeeded')
  await due(endpoint, '-1 minute', 'delivering')
  await due(endpoint, '-2 hours', 'retrying')
  expect(await readBacklog(world.ctx.db)).toEqual({ due: 0, oldestDueSeconds: 0 })
})

it('tells how much is due and since when, whatever the endpoint', async () => {
  await due(endpoint, '3 minutes', 'retrying')
  await due(await makeEndpoint(organization), '1 minute')
  await due(endpoint, '-1 minute')
  const { due: count, oldestDueSeconds } = await readBacklog(world.ctx.db)
  expect(count).toBe(2)
  expect(oldestDueSeconds).toBeGreaterThanOrEqual(180)
  const { body } = await world.anonymous.get('/healthz?verbose')
  expect(body.webhooks.due).toBe(2)
  expect(body.webhooks.oldestDueSeconds).toBeGreaterThanOrEqual(oldestDueSeconds)
})

it('counts what is due behind more than it counts that is for later', async () => {
  await world.sql(
    `insert into webhook_deliveries (id, organization_id, endpoint_id, event_id, event_type, next_attempt_at)
     select $2 || n, $1, $2, $2 || n, 'user.created', now() + interval '1 hour' from generate_series(1, 100001) n`,
    [organization.id, endpoint.id],
  )
  await due(endpoint, '1 minute')
  expect((await readBacklog(world.ctx.db)).due).toBe(1)
  await world.sql(`update webhook_deliveries set next_attempt_at = now() - interval '1 hour'`)
  expect((await readBacklog(world.ctx.db)).due).toBe(100_000)
})

it('does not count how long receivers wait that fail or want nothing', async () => {
  const failing = await makeEndpoint(organization)
  await world.sql('update webhook_endpoints set failing_since = now() where id = $1', [failing.id])
  const off = await makeEndpoint(organization, { enabled: false })
  await due(failing, '3 hours')
  await due(off, '2 hours')
  expect(await readBacklog(world.ctx.db)).toEqual({ due: 2, oldestDueSeconds: 0 })
})

it('is read once a second at most, however many ask for it', async () => {
  await due(endpoint, '1 minute')
  const ctx = { ...world.ctx, monotonicMs: () => now }
  let now = 0
  const ask = () => Promise.all(Array.from({ length: 20 }, async () => (await recentBacklog(ctx)).due))
  expect(await countQueries(async () => expect(await ask()).toEqual(Array(20).fill(1)))).toBe(1)
  await due(endpoint, '1 minute')
  now = 999
  expect(await countQueries(async () => expect(await ask()).toEqual(Array(20).fill(1)))).toBe(0)
  now = 1_000
  expect(await countQueries(async () => expect(await ask()).toEqual(Array(20).fill(2)))).toBe(1)
})

it('is read anew after a failure', async () => {
  const ctx = { ...world.ctx }
  await world.sql('alter table webhook_deliveries rename to away')
  await expect(recentBacklog(ctx)).rejects.toThrow()
  await world.sql('alter table away rename to webhook_deliveries')
  expect(await recentBacklog(ctx)).toEqual({ due: 0, oldestDueSeconds: 0 })
})

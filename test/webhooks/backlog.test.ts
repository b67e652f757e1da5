import { beforeEach, expect, it } from 'vitest'
import { readBacklog } from '../../src/features/webhooks/backlog.ts'
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

import { expect, it } from 'vitest'
import { hasOnlyFailed } from '../../src/features/webhooks/endpoint-queries.ts'
import { countRowsRead } from '../support/rows-read.ts'
import { makeEndpoint, putDelivery } from '../support/webhook-endpoints.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()

it('tells of an endpoint that it only failed without reading all that it took before', async () => {
  const endpoint = await makeEndpoint(await world.organization())
  await world.sql(
    `insert into webhook_deliveries (id, organization_id, endpoint_id, event_id, event_type, status, completed_at)
     select $2 || n, $1, $2, $2 || n, 'user.created', 'succeeded', now() - interval '7 days'
     from generate_series(1, 20000) n`,
    [endpoint.organization.id, endpoint.id],
  )
  await world.sql(`update webhook_endpoints set failing_since = now() - interval '6 days' where id = $1`, [
    endpoint.id,
  ])
  await world.sql('analyze webhook_deliveries')
  const judged = () =>
    world.ctx.db
      .transaction()
      .execute((tx) => countRowsRead(tx, 'webhook_deliveries', () => hasOnlyFailed(tx, endpoint.id)))
  const few = expect.toSatisfy((read: number) => read < 10)
  expect(await judged()).toEqual({ result: true, read: few })
  const taken = await putDelivery(world, endpoint, 'succeeded')
  await world.sql('update webhook_deliveries set completed_at = now() where id = $1', [taken])
  expect(await judged()).toEqual({ result: false, read: few })
})

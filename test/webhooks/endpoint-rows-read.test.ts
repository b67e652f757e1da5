import { sql } from 'kysely'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Tx } from '../../src/db/database.ts'
import { countWebhookEndpoints } from '../../src/features/subscriptions/queries.ts'
import { hasOnlyFailed, listEndpointsOf } from '../../src/features/webhooks/endpoint-queries.ts'
import { newId } from '../../src/lib/ids.ts'
import { countRowsRead } from '../support/rows-read.ts'
import { makeEndpoint, putDelivery } from '../support/webhook-endpoints.ts'
import { type Organization, startWorld } from '../support/world.ts'

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

describe('endpoints that were deleted', () => {
  let organization: Organization
  beforeAll(async () => {
    organization = await world.organization()
    await makeEndpoint(organization, { eventTypes: ['user.created'] })
    await world.sql(
      `insert into webhook_endpoints (id, organization_id, url, event_types, sealed_secret, deleted_at)
       select 'whe_' || n, $1, 'https://receiver.example', '{*}', '', now() from generate_series(1, 5000) n`,
      [organization.id],
    )
    await world.sql('analyze webhook_endpoints')
  })

  const entry = {
    ...{ id: newId('aud'), action: 'user.created', actorKind: 'system', requestId: 'r', detailsMac: '00' },
    ...{ salt: '00', details: '{}', eventId: newId('evt'), data: {} },
  }
  it.each<[string, (tx: Tx) => Promise<unknown>]>([
    ['the list', (tx) => listEndpointsOf(tx, organization.id, { most: 26 })],
    ['the plan', (tx) => countWebhookEndpoints(tx, organization.id)],
    [
      'an event',
      (tx) => sql`select append_to_stream(${organization.id}, ${JSON.stringify([entry])}::json)`.execute(tx),
    ],
  ])('cost %s nothing', async (_what, look) => {
    const undone = new Error('undone')
    let read = 0
    await world.ctx.db
      .transaction()
      .execute(async (tx) => {
        read = (await countRowsRead(tx, 'webhook_endpoints', () => look(tx))).read
        throw undone
      })
      .catch((error) => expect(error).toBe(undone))
    expect(read).toBeGreaterThan(0)
    expect(read).toBeLessThan(10)
  })
})

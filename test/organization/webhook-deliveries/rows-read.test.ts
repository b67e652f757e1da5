import { beforeAll, expect, it } from 'vitest'
import { deliveredTypes, deliveryStatuses } from '../../../src/features/webhook-deliveries/deliveries.ts'
import { type Search, searchDeliveries } from '../../../src/features/webhook-deliveries/queries.ts'
import { countRowsRead } from '../../support/rows-read.ts'
import { type Endpoint, makeEndpoint } from '../../support/webhook-endpoints.ts'
import { type Organization, startWorld } from '../../support/world.ts'

const world = startWorld()
let organization: Organization
let endpoints: Endpoint[]

const minutes = 20_000
const begin = '2026-01-01T00:00:00.000Z'

beforeAll(async () => {
  organization = await world.organization({ plan: 'pro' })
  endpoints = [await makeEndpoint(organization), await makeEndpoint(organization)]
  await world.sql(
    `create function pg_temp.id_at(ms bigint) returns text language sql as $$
       select 'dlv_' || string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz', ((ms >> (5 * place)) & 31)::integer + 1, 1), ''
         order by place desc) || 'aaaaaaaaaaaaaaaa' from generate_series(0, 9) place $$;
     insert into webhook_deliveries (id, organization_id, endpoint_id, event_id, event_type, status, created_at)
     select pg_temp.id_at((extract(epoch from at) * 1000)::bigint), '${organization.id}',
       case when n % 500 = 0 then '${endpoints[1]?.id}' else '${endpoints[0]?.id}' end, 'evt_' || n,
       case when n % 400 = 0 then 'user.updated' else 'session.created' end,
       case when n % 300 = 0 then 'failed' else 'succeeded' end, at
     from generate_series(1, ${minutes}) n, lateral (select timestamptz '${begin}' + n * interval '1 minute' as at) made;
     analyze`,
  )
})

/** The rows and entries of indexes that a search looks at, and how many it finds. */
async function readBy(searched: Search): Promise<{ found: number; read: number }> {
  return world.ctx.db.transaction().execute(async (tx) => {
    const keyset = { most: 26, before: undefined }
    const search = () => searchDeliveries(tx, organization.id, searched, keyset)
    const { result, read } = await countRowsRead(tx, 'webhook_deliveries', search)
    return { found: result.length, read }
  })
}

const days = {
  first: { from: new Date(begin), to: new Date(Date.parse(begin) + 3_600_000) },
  all: {},
}

it.each([
  [false, undefined, undefined, 'all', 26],
  [true, undefined, undefined, 'all', 26],
  [false, 'failed', undefined, 'all', 26],
  [false, 'cancelled', undefined, 'all', 0],
  [false, undefined, 'user.updated', 'all', 26],
  [false, undefined, 'user.created', 'all', 0],
  [true, 'failed', undefined, 'all', 13],
  [true, undefined, 'user.updated', 'all', 10],
  [false, 'failed', 'user.updated', 'all', 16],
  [true, 'failed', 'user.updated', 'all', 3],
  [false, undefined, undefined, 'first', 26],
  [false, 'failed', undefined, 'first', 0],
] as const)(
  'reads little whatever is asked: one endpoint %s, status %s, type %s, time %s',
  async (isOne, status, type, time, expected) => {
    const kinds = {
      endpointId: isOne ? endpoints[1]?.id : undefined,
      statuses: status ? [status] : deliveryStatuses,
      eventTypes: type ? [type] : deliveredTypes,
    }
    const isFiltered = isOne || status || type
    const { found, read } = await readBy({ ...days[time], ...(isFiltered && { kinds }) })
    expect(found).toBe(expected)
    expect(read).toBeLessThan(1_000)
  },
)

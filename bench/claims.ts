import { openDatabase } from '../src/db/database.ts'
import { withClient } from '../src/db/postgres-roles.ts'
import { claimDeliveries } from '../src/features/webhooks/claim-queries.ts'
import { workerConnections } from '../src/features/webhooks/worker.ts'
import type { Bench } from './bench.ts'
import { median } from './figures.ts'
import type { Measurement } from './measurement.ts'
import { makeTenants, type Urls } from './rows/tenants.ts'
import { makeEndpoints } from './rows/webhooks.ts'

const tenants = 1_000
const claims = 200
/** As a worker asks that has all its 64 places free: half of them at once, two per endpoint that it knows nothing of. */
const ask = {
  failing: false,
  endpoints: [],
  mostEndpoints: 128,
  mostDeliveries: 32,
  known: [],
  passedOver: [],
  knownPlaces: [],
  places: 2,
  leaseSeconds: 60,
}

export const claimGrowth: Measurement = {
  name: 'P11b',
  work: 'claim of due deliveries',
  async measure(bench) {
    const { old, pending } = bench.sizes.queue
    const urls = await makeTenants(bench, 'queue', { tenants, keysEach: 1, hasPeople: false })
    await makeEndpoints(bench, urls, { tenants, url: 'https://receiver.example/hook' })
    await makeQueue(bench, urls)
    const { db, close } = openDatabase({
      url: urls.appUrl,
      ...workerConnections,
      poolMax: 1,
      onLostConnection: () => undefined,
    })
    const took: number[] = []
    let after = ''
    // The first reads pages and plans.
    for (let claim = 0; claim <= claims; claim++) {
      const begunAt = performance.now()
      const { taken } = await claimDeliveries(db, { ...ask, after })
      took.push(performance.now() - begunAt)
      if (taken.length < ask.mostDeliveries) throw new Error(`only ${taken.length} were claimed`)
      const last =
        taken
          .map(({ endpoint_id }) => endpoint_id)
          .toSorted()
          .at(-1) ?? ''
      // Of the end of the walk the next one begins anew.
      after = last > `whe_${'0'.repeat(23)}950` ? '' : last
    }
    await close()
    const counted = took.slice(1).toSorted((a, b) => a - b)
    const count = (value: number) => value.toLocaleString('en')
    return {
      figures: [
        {
          what: `of ${ask.mostDeliveries}, at ${count(old)} old and ${count(pending)} pending`,
          value: median(counted),
          unit: 'ms',
          goal: { atMost: 10 },
          behind: `${claims} claims, p99 ${counted[Math.floor(claims * 0.99)]?.toFixed(1)} ms`,
        },
      ],
      raw: took,
    }
  },
}

/** Half of what is pending waits at one endpoint, the rest at all alike. */
async function makeQueue({ sizes }: Bench, { superuserUrl }: Urls): Promise<void> {
  const { old, pending } = sizes.queue
  const tenant = `lpad((case when n % 2 = 0 then 7 else n / 2 % ${tenants} end)::text, 26, '0')`
  const each = (count: number) => `generate_series(0, ${count - 1}) n`
  await withClient(superuserUrl, async (client) => {
    await client.query('set session_replication_role = replica')
    await client.query(`insert into events (stream_id, sequence, id, type, occurred_at, organization, data)
      select 'org_' || ${tenant}, n + 1, 'evt_' || lpad(n::text, 26, '0'), 'project.updated', now(),
        json_build_object('id', 'org_' || ${tenant}, 'slug', 'organization'), '{"name":"Application"}'
      from ${each(pending)}`)
    await client.query(`insert into webhook_deliveries (id, organization_id, endpoint_id, event_id, event_type, next_attempt_at)
      select 'dlv_' || lpad(n::text, 26, '0'), 'org_' || ${tenant}, 'whe_' || ${tenant}, 'evt_' || lpad(n::text, 26, '0'),
        'project.updated', now() - interval '1 hour' + n * interval '1 millisecond' from ${each(pending)}`)
    await client.query(`insert into webhook_deliveries
      (id, organization_id, endpoint_id, event_id, event_type, status, attempts, created_at, completed_at)
      select 'dlv_0' || lpad(n::text, 25, 'a'), 'org_' || ${tenant}, 'whe_' || ${tenant}, 'evt_0' || lpad(n::text, 25, 'a'),
        'project.updated', 'succeeded', 1, now() - interval '1 day', now() - interval '1 day' from ${each(old)}`)
    await client.query('vacuum analyze')
  })
}

import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import { withClient } from '../src/db/postgres-roles.ts'
import { call } from '../test/support/http.ts'
import type { Bench } from './bench.ts'
import { type Figure, type Goal, median, rounded } from './figures.ts'
import type { Measurement } from './measurement.ts'
import { startReference, startService } from './processes.ts'
import { makeTenants } from './rows/tenants.ts'
import { makeEndpoints, makeMoreEndpoints, startEvents } from './rows/webhooks.ts'

const tenants = 200
const perSecond = 200
const longestMs = 60_000
const moreEndpoints = 250

/** Which endpoints hang, and which do not, as conditions on the column with their id. */
type Halves = { others: (column: string) => string; healthy: (column: string) => string }

/** Every second tenant, so that neither kind comes first anywhere. */
const secondTenants: Halves = {
  others: (column) => `right(${column}, 1)::integer % 2 = 1`,
  healthy: (column) => `right(${column}, 1)::integer % 2 = 0`,
}

/** All of one tenant; its own healthy endpoint waits for itself. */
const oneTenant: Halves = {
  others: (column) => `${column} like 'whe_more%'`,
  healthy: (column) => `${column} not like 'whe_more%' and right(${column}, 4)::integer > 0`,
}

type Part = { deliveries: number; p50: number; p95: number; p99: number; longest: number }
type Round = { alone: Part; allHealthy: Part; beginning: Part; hanging: Part }

export const hanging: Measurement = {
  name: 'P7b',
  work: `webhook deliveries of the healthy half of ${tenants} endpoints, from the event to the mark`,
  measure: (bench) => measureHalves(bench, secondTenants),
}

export const hangingOfOne: Measurement = {
  name: 'P7c',
  work: `the same of ${tenants - 1} healthy endpoints, where one more organization has ${moreEndpoints}`,
  measure: (bench) => measureHalves(bench, oneTenant),
}

async function measureHalves(bench: Bench, halves: Halves) {
  const { rounds, seconds } = bench.sizes.hangs
  const urls = await makeTenants(bench, 'hanging', { tenants, keysEach: 1, hasPeople: false })
  const receiver = await startReference(bench, 'receiver.ts')
  const tell = (path: string) => call(receiver.port, { path })
  const url = `http://127.0.0.1:${receiver.port}/healthy`
  await makeEndpoints(bench, urls, { tenants, url })
  if (halves === oneTenant) await makeMoreEndpoints(bench, urls, { count: moreEndpoints, url })
  await startService(bench, urls, {
    WEBHOOK_ALLOW_INSECURE: 'on',
    WEBHOOK_ALLOW_PRIVATE_ADDRESSES: 'on',
  })
  const events = startEvents(urls, { tenants, perSecond })
  bench.whenOver(events.stop)
  const raw = await withClient(urls.superuserUrl, async (client) => {
    await client.query(
      `update webhook_endpoints set url = replace(url, '/healthy', '/hanging') where ${halves.others('id')}`,
    )
    await wait(bench.sizes.warmSeconds * 1_000)
    const part = () => measurePart(client, halves.healthy('endpoint_id'), seconds)
    const measured: Round[] = []
    for (let round = 0; round < rounds; round++) {
      await switchOff(client, halves.others)
      const alone = await part()
      await switchOn(client, halves.others)
      const allHealthy = await part()
      await tell('/hang')
      const beginning = await part()
      await untilFailing(client, halves.others)
      const during = await part()
      measured.push({ alone, allHealthy, beginning, hanging: during })
      await tell('/answer')
    }
    return measured
  })
  const ratio = (what: string, of: keyof Round, goal?: Goal): Figure => ({
    what: `p95: ${what} / alone`,
    value: median(raw.map((round) => round[of].p95 / round.alone.p95)),
    unit: '×',
    ...(goal && { goal }),
    behind: [of, 'alone' as const]
      .map((name) => rounded(median(raw.map((round) => round[name].p95))))
      .join(' / ')
      .concat(' ms'),
  })
  return {
    figures: [
      ratio('the others hang', 'hanging', { atMost: 2 }),
      ratio('the others begin to hang', 'beginning', { atMost: 2 }),
      ratio('the others are healthy', 'allHealthy'),
    ],
    raw,
  }
}

async function switchOff(client: pg.Client, isOne: Halves['others']): Promise<void> {
  await client.query(`update webhook_endpoints set enabled = false, disabled_reason = 'manual', failing_since = null
    where ${isOne('id')}`)
  await client.query(`update webhook_deliveries
    set status = 'cancelled', next_attempt_at = null, lease_token = null, completed_at = now()
    where next_attempt_at is not null and ${isOne('endpoint_id')}`)
}

async function switchOn(client: pg.Client, isOne: Halves['others']): Promise<void> {
  await client.query(
    `update webhook_endpoints set enabled = true, disabled_reason = null where ${isOne('id')}`,
  )
}

/** What the deliveries of so many seconds took at endpoints that are always healthy, in milliseconds of the clock of the database. */
async function measurePart(client: pg.Client, isHealthy: string, seconds: number): Promise<Part> {
  const now = async () => (await client.query('select clock_timestamp()::text as now')).rows[0].now
  const from = await now()
  await wait(seconds * 1_000)
  const to = await now()
  const giveUpAt = Date.now() + longestMs
  for (;;) {
    // In one look: what was committed late is there suddenly.
    const { rows } = await client.query(
      `with delivery as (
        select extract(epoch from completed_at - created_at)::float8 * 1000 as took, status, next_attempt_at
        from webhook_deliveries where created_at >= $1 and created_at < $2 and ${isHealthy}
      ), part as (
        select percentile_disc(array[0.5, 0.95, 0.99, 1]) within group (order by took) as took, count(*)::int as deliveries,
          count(next_attempt_at)::int as open, (count(*) filter (where status <> 'succeeded'))::int as other
        from delivery
      )
      select deliveries, open, other, took[1] as p50, took[2] as p95, took[3] as p99, took[4] as longest from part`,
      [from, to],
    )
    const { open, other, ...part } = rows[0]
    if (other === 0) return part
    if (open === 0 || Date.now() > giveUpAt) throw new Error(`${other} deliveries did not succeed`)
    await wait(50)
  }
}

async function untilFailing(client: pg.Client, isOne: Halves['others']): Promise<void> {
  const giveUpAt = Date.now() + longestMs
  for (;;) {
    const { rows } = await client.query(
      `select from webhook_endpoints where ${isOne('id')} and failing_since is null limit 1`,
    )
    if (rows.length === 0) return
    if (Date.now() > giveUpAt) throw new Error('an endpoint that hangs does not fail')
    await wait(50)
  }
}

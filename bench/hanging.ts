import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import { withClient } from '../src/db/postgres-roles.ts'
import { call } from '../test/support/http.ts'
import { type Figure, type Goal, median, rounded } from './figures.ts'
import type { Measurement } from './measurement.ts'
import { startReference, startService } from './processes.ts'
import { makeTenants } from './rows/tenants.ts'
import { makeEndpoints, startEvents } from './rows/webhooks.ts'

const tenants = 200
const perSecond = 200
const longestMs = 60_000
/** Every second tenant, so that neither kind comes first anywhere. */
const isOther = (column: string) => `right(${column}, 1)::integer % 2 = 1`

type Part = { deliveries: number; p50: number; p95: number; p99: number; longest: number }
type Round = { alone: Part; allHealthy: Part; beginning: Part; hanging: Part }

export const hanging: Measurement = {
  name: 'P7b',
  work: `webhook deliveries of the healthy half of ${tenants} endpoints, from the event to the mark`,
  async measure(bench) {
    const { rounds, seconds } = bench.sizes.hangs
    const urls = await makeTenants(bench, 'hanging', { tenants, keysEach: 1, hasPeople: false })
    const receiver = await startReference(bench, 'receiver.ts')
    const tell = (path: string) => call(receiver.port, { path })
    await makeEndpoints(bench, urls, { tenants, url: `http://127.0.0.1:${receiver.port}/healthy` })
    await startService(bench, urls, {
      WEBHOOK_ALLOW_INSECURE: 'on',
      WEBHOOK_ALLOW_PRIVATE_ADDRESSES: 'on',
    })
    const events = startEvents(urls, { tenants, perSecond })
    bench.whenOver(events.stop)
    const raw = await withClient(urls.superuserUrl, async (client) => {
      await client.query(
        `update webhook_endpoints set url = replace(url, '/healthy', '/hanging') where ${isOther('id')}`,
      )
      await wait(bench.sizes.warmSeconds * 1_000)
      const measured: Round[] = []
      for (let round = 0; round < rounds; round++) {
        await switchOthersOff(client)
        const alone = await measurePart(client, seconds)
        await switchOthersOn(client)
        const allHealthy = await measurePart(client, seconds)
        await tell('/hang')
        const beginning = await measurePart(client, seconds)
        await untilOthersFail(client)
        const during = await measurePart(client, seconds)
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
  },
}

async function switchOthersOff(client: pg.Client): Promise<void> {
  await client.query(`update webhook_endpoints set enabled = false, disabled_reason = 'manual', failing_since = null
    where ${isOther('id')}`)
  await client.query(`update webhook_deliveries
    set status = 'cancelled', next_attempt_at = null, lease_token = null, completed_at = now()
    where next_attempt_at is not null and ${isOther('endpoint_id')}`)
}

async function switchOthersOn(client: pg.Client): Promise<void> {
  await client.query(
    `update webhook_endpoints set enabled = true, disabled_reason = null where ${isOther('id')}`,
  )
}

/** What the deliveries of so many seconds took at the half that is always healthy, in milliseconds of the clock of the database. */
async function measurePart(client: pg.Client, seconds: number): Promise<Part> {
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
        from webhook_deliveries where created_at >= $1 and created_at < $2 and not ${isOther('endpoint_id')}
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

async function untilOthersFail(client: pg.Client): Promise<void> {
  const giveUpAt = Date.now() + longestMs
  for (;;) {
    const { rows } = await client.query(
      `select from webhook_endpoints where ${isOther('id')} and failing_since is null limit 1`,
    )
    if (rows.length === 0) return
    if (Date.now() > giveUpAt) throw new Error('an endpoint that hangs does not fail')
    await wait(50)
  }
}

import { setTimeout as wait } from 'node:timers/promises'
import { withClient } from '../src/db/postgres-roles.ts'
import { call } from '../test/support/http.ts'
import type { Bench } from './bench.ts'
import { type Figure, type Goal, median, rounded } from './figures.ts'
import type { Measurement } from './measurement.ts'
import { type Running, startReference, startService } from './processes.ts'
import { makeTenants, type Urls } from './rows/tenants.ts'
import { commitEvents, makeEndpoints } from './rows/webhooks.ts'

const tenants = 100
const atOnce = 64
const longestMs = 120_000

type Round = { committed: number; delivered: number; posted: number; postedAlone: number }

export const deliveries: Measurement = {
  name: 'P7',
  work: 'webhook deliveries, one process, local receiver, until they are marked',
  async measure(bench) {
    const urls = await makeTenants(bench, 'webhooks', { tenants, keysEach: 1, hasPeople: false })
    const receiver = await startReference(bench, 'receiver.ts')
    const url = `http://127.0.0.1:${receiver.port}/hook`
    await makeEndpoints(bench, urls, { tenants, url })
    const service = await startService(bench, urls, {
      WEBHOOK_ALLOW_INSECURE: 'on',
      WEBHOOK_ALLOW_PRIVATE_ADDRESSES: 'on',
    })
    const poster = await startReference(bench, 'poster.ts', { url, atOnce, body: 'x'.repeat(900) })
    const rounds: Round[] = []
    // The first is for warming up.
    for (let round = 0; round <= bench.sizes.slices; round++) {
      rounds.push(await measureRound(bench, { urls, service, poster }))
    }
    const counted = rounds.slice(1)
    const ratio = (what: string, of: keyof Round, by: keyof Round, goal?: Goal): Figure => ({
      what,
      value: median(counted.map((round) => round[of] / round[by])),
      unit: '×',
      ...(goal && { goal }),
      behind: [of, by]
        .map((name) => rounded(median(counted.map((round) => round[name]))).toLocaleString('en'))
        .join(' / ')
        .concat(' per second'),
    })
    return {
      figures: [
        ratio('deliveries / what undici alone posts', 'delivered', 'posted', { atLeast: 0.4 }),
        ratio('deliveries / the same on a connection each', 'delivered', 'postedAlone'),
        ratio('events committed / deliveries', 'committed', 'delivered', { atLeast: 1 }),
      ],
      raw: rounds,
    }
  },
}

async function measureRound(
  { sizes }: Bench,
  { urls, service, poster }: { urls: Urls; service: Running; poster: Running },
): Promise<Round> {
  const { deliveries: count } = sizes
  const posted = await postsPerSecond(poster, '/', count)
  const postedAlone = await postsPerSecond(poster, '/alone', count)
  // Held still, so that all of it is there when the first is claimed.
  process.kill(service.pid, 'SIGSTOP')
  const committed = await commitEvents(urls, tenants, count)
  process.kill(service.pid, 'SIGCONT')
  return { posted, postedAlone, committed, delivered: await deliveriesPerSecond(urls, count) }
}

async function postsPerSecond({ port }: Running, path: string, count: number): Promise<number> {
  const { body, text } = await call(port, { path: `${path}?count=${count}` })
  return (body ?? JSON.parse(text)).perSecond
}

/** Waits for the end and counts from the first claim to the last mark, by the clock of the database. */
async function deliveriesPerSecond({ superuserUrl }: Urls, count: number): Promise<number> {
  return withClient(superuserUrl, async (client) => {
    const giveUpAt = Date.now() + longestMs
    for (;;) {
      const { rows } = await client.query(
        'select from webhook_deliveries where next_attempt_at is not null limit 1',
      )
      if (rows.length === 0) break
      if (Date.now() > giveUpAt) throw new Error('the deliveries do not end')
      await wait(50)
    }
    const { rows } = await client.query(
      `select extract(epoch from max(completed_at) - min(at))::float8 as seconds, count(*)::int as attempts
       from (select id, completed_at from webhook_deliveries order by id desc limit $1) delivery
       join webhook_attempts on delivery_id = delivery.id`,
      [count],
    )
    const [{ seconds, attempts }] = rows
    if (attempts !== count) throw new Error(`${attempts} attempts of ${count} deliveries`)
    return count / seconds
  })
}

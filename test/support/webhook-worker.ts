import { afterEach, expect } from 'vitest'
import type { Config } from '../../src/config.ts'
import type { Context } from '../../src/context.ts'
import { openDatabase } from '../../src/db/database.ts'
import type { ClaimedDelivery } from '../../src/features/webhooks/claim-queries.ts'
import type { Mark } from '../../src/features/webhooks/mark-queries.ts'
import {
  startWebhookWorker,
  type WebhookWorker,
  workerConnections,
} from '../../src/features/webhooks/worker.ts'
import { startWebhookReceiver } from './receiver.ts'
import { type Endpoint, makeEndpoint } from './webhook-endpoints.ts'
import type { Organization, World } from './world.ts'

export type TestWorker = WebhookWorker & { ctx: Context; stop(graceMs?: number): Promise<void> }

/** A worker on the world's database, with connections of its own as in the service; `url` leads them another way. */
export function startWorker(
  world: World,
  options: { url?: string; webhooks?: Partial<Config['webhooks']>; ctx?: Partial<Context> } = {},
): TestWorker {
  const { db, close } = openDatabase({
    url: options.url ?? world.database.appUrl,
    ...workerConnections,
    onLostConnection: () => undefined,
  })
  const { config } = world.ctx
  const ctx: Context = {
    ...world.ctx,
    db,
    config: { ...config, webhooks: { ...config.webhooks, ...options.webhooks } },
    ...options.ctx,
  }
  const worker = startWebhookWorker(ctx)
  let stopped: Promise<void> | undefined
  return {
    ...worker,
    ctx,
    stop(graceMs = 0) {
      stopped ??= worker.stop(graceMs).then(close)
      return stopped
    },
  }
}

export type DeliveryRow = {
  id: string
  event_id: string
  status: string
  attempts: number
  lease_token: string | null
  next_attempt_at: Date | null
  /** From now, by the database's clock. */
  seconds_left: number | null
}

/** The endpoint's deliveries, oldest first. */
export const deliveriesOf = (world: World, { id }: Pick<Endpoint, 'id'>) =>
  world.sql<DeliveryRow>(
    `select id, event_id, status, attempts, lease_token, next_attempt_at,
       extract(epoch from next_attempt_at - now())::float8 as seconds_left
     from webhook_deliveries where endpoint_id = $1 order by id`,
    [id],
  )

/** Waits until the endpoint's deliveries have these statuses, oldest first; returns them. */
export async function untilStatuses(
  world: World,
  endpoint: Pick<Endpoint, 'id'>,
  statuses: string[],
): Promise<DeliveryRow[]> {
  const look = async () => (await deliveriesOf(world, endpoint)).map(({ status }) => status)
  await expect.poll(look, { timeout: 20_000, interval: 25 }).toEqual(statuses)
  return deliveriesOf(world, endpoint)
}

/** Waits until the service asks its database nothing, so that no claim is under way. */
export async function untilQuiet(world: World): Promise<void> {
  const busySessions = async () => {
    const [row] = await world.sql<{ busy: number }>(
      `select count(*)::integer as busy from pg_stat_activity
       where datname = current_database() and usename = 'silver_app' and state <> 'idle'`,
    )
    return row?.busy
  }
  await expect.poll(busySessions).toBe(0)
}

/** What happens next to the endpoint's open deliveries happens now. */
export const makeDue = (world: World, { id }: Pick<Endpoint, 'id'>) =>
  world.sql(
    `update webhook_deliveries set next_attempt_at = now() - interval '1 second'
    where endpoint_id = $1 and next_attempt_at is not null`,
    [id],
  )

type Receiver = Awaited<ReturnType<typeof startWebhookReceiver>>

/** An organization with an endpoint, and the receiver behind it. */
export type Receiving = { organization: Organization; receiver: Receiver; endpoint: Endpoint }

/** What tests start. After each it ends, workers first, so that they do not wait for receivers that are gone. */
export function startedWith(world: World) {
  const workers: TestWorker[] = []
  const receivers: Receiver[] = []
  async function receiver() {
    const receiver = await startWebhookReceiver()
    receivers.push(receiver)
    return receiver
  }
  async function end() {
    for (const worker of workers.splice(0)) await worker.stop()
    for (const receiver of receivers.splice(0)) await receiver.close()
  }
  afterEach(async () => {
    await end()
    // What is due soon would make workers claim more often.
    await world.sql('delete from webhook_deliveries')
  })
  return {
    worker(options?: Parameters<typeof startWorker>[1]) {
      const worker = startWorker(world, options)
      workers.push(worker)
      return worker
    },
    receiver,
    async receiving({ plan = 'pro', eventTypes = ['project.*'] } = {}): Promise<Receiving> {
      const organization = await world.organization({ plan })
      const behind = await receiver()
      const endpoint = await makeEndpoint(organization, { url: `${behind.url}/hook`, eventTypes })
      return { organization, receiver: behind, endpoint }
    },
    end,
  }
}

/** A claim by a walk over all endpoints that do not fail. */
export const claimOf = (places = 4) => ({
  failing: false,
  endpoints: [],
  after: '',
  mostEndpoints: 100,
  mostDeliveries: 100,
  known: [],
  passedOver: [],
  knownPlaces: [],
  places,
  leaseSeconds: 60,
})

/** What came of an attempt of this claim. */
export const markOf = (
  {
    id,
    lease_token,
    attempts,
    claimed_at,
  }: Pick<ClaimedDelivery, 'id' | 'lease_token' | 'attempts' | 'claimed_at'>,
  outcome: Mark['outcome'],
): Mark => ({
  id,
  lease_token,
  outcome,
  wait_seconds: outcome === 'retrying' ? 5 : null,
  was_sent: true,
  number: attempts + 1,
  at: claimed_at,
  status: outcome === 'succeeded' ? 200 : 500,
  latency_ms: 1,
  error: outcome === 'succeeded' ? null : 'the answer was 500',
  request_headers: {},
  answer: null,
})

/** A promise that a receiver waits for before it answers. */
export const gate = () => Promise.withResolvers<void>()

export const attemptsOf = (world: World, deliveryId: string | undefined) =>
  world.sql<{
    number: number
    status: number | null
    error: string | null
    answer: string | null
    request_headers: Record<string, string>
    latency_ms: number
    at: Date
  }>(
    `select number, status, error, answer, request_headers, latency_ms, at
     from webhook_attempts where delivery_id = $1 order by number`,
    [deliveryId],
  )

import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { withClient } from '../../src/db/postgres-roles.ts'
import { endpointSecretPurpose } from '../../src/features/webhooks/endpoint-secrets.ts'
import { deliveriesNotice } from '../../src/features/webhooks/wake-others.ts'
import { newId } from '../../src/lib/ids.ts'
import { seal } from '../../src/lib/secrets.ts'
import { newWebhookSecret } from '../../src/lib/standard-webhooks.ts'
import type { Bench } from '../bench.ts'
import { idOf, insertAll, type Urls } from './tenants.ts'

const committers = 16

/** Gives each tenant an endpoint at this address that wants everything. */
export async function makeEndpoints(
  bench: Bench,
  urls: Urls,
  { tenants, url }: { tenants: number; url: string },
): Promise<void> {
  const ids = Array.from({ length: tenants }, (_, tenant) => idOf('whe', tenant))
  await insertEndpoints(bench, urls, ids, `replace(first, 'whe_', 'org_')`, url)
}

/** Gives the first tenant so many more. Their ids begin with `whe_more`. */
export async function makeMoreEndpoints(
  bench: Bench,
  urls: Urls,
  { count, url }: { count: number; url: string },
): Promise<void> {
  const ids = Array.from({ length: count }, (_, number) => idOf('whe_more', number))
  await insertEndpoints(bench, urls, ids, `'${idOf('org', 0)}'`, url)
}

async function insertEndpoints(
  { secrets }: Bench,
  { superuserUrl }: Urls,
  ids: string[],
  organizationId: string,
  url: string,
): Promise<void> {
  const key = Buffer.from(secrets.sealing, 'base64')
  const sealed = ids.map((id) => seal([key], endpointSecretPurpose(id), newWebhookSecret()).toString('hex'))
  await withClient(superuserUrl, (client) =>
    insertAll(
      client,
      [ids, sealed],
      `insert into webhook_endpoints (id, organization_id, url, event_types, sealed_secret)
       select first, ${organizationId}, '${url}', array['*'], decode(second, 'hex')`,
    ),
  )
}

/** What a project looks like in the event of its change. */
const data = {
  id: idOf('app', 1),
  organizationId: idOf('org', 1),
  slug: 'application',
  name: 'Application',
  status: 'active',
  redirectUrls: ['https://app.example/callback', 'https://staging.app.example/callback'],
  origins: ['https://app.example', 'https://staging.app.example'],
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-02T00:00:00.000Z',
  previous: { name: 'Application before' },
}

const entry = () => ({
  id: newId('aud'),
  action: 'project.updated',
  actorKind: 'system',
  actorId: null,
  targetId: data.id,
  requestId: 'req_bench',
  detailsMac: '00'.repeat(32),
  salt: '00'.repeat(16),
  details: '{}',
  eventId: newId('evt'),
  projectId: data.id,
  data,
})

/** Commits so many events, each alone, in turn for each tenant; returns how many per second. */
export async function commitEvents({ appUrl }: Urls, tenants: number, count: number): Promise<number> {
  const pool = new pg.Pool({ connectionString: appUrl, max: committers })
  await Promise.all(Array.from({ length: committers }, () => pool.query('select 1')))
  const begunAt = performance.now()
  let next = 0
  await Promise.all(
    Array.from({ length: committers }, async () => {
      for (let number = next++; number < count; number = next++) {
        await commitEvent(pool, number % tenants)
      }
    }),
  )
  const seconds = (performance.now() - begunAt) / 1_000
  await pool.end()
  return count / seconds
}

/** Commits events at a steady rate, in turn for each tenant, and wakes the worker with each, as a change does; until it is stopped. */
export function startEvents(
  { appUrl }: Urls,
  { tenants, perSecond }: { tenants: number; perSecond: number },
): { stop: () => Promise<void> } {
  const pool = new pg.Pool({ connectionString: appUrl, max: committers })
  const begunAt = performance.now()
  let next = 0
  let isOver = false
  async function commit(): Promise<void> {
    while (!isOver) {
      const number = next++
      await wait(Math.max(0, begunAt + (number * 1_000) / perSecond - performance.now()))
      await commitEvent(pool, number % tenants, `, pg_notify('silver_auth_changed', '${deliveriesNotice}')`)
    }
  }
  const committing = Promise.all(Array.from({ length: committers }, commit))
  // Told by `stop`.
  committing.catch(() => undefined)
  return {
    async stop() {
      isOver = true
      await committing
      await pool.end()
    },
  }
}

async function commitEvent(pool: pg.Pool, tenant: number, more = ''): Promise<void> {
  const values = [idOf('org', tenant), JSON.stringify([entry()])]
  await pool.query({ name: 'append', text: `select append_to_stream($1, $2::json)${more}`, values })
}

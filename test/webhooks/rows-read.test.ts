import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { claimDeliveries } from '../../src/features/webhooks/claim-queries.ts'
import { markDeliveries } from '../../src/features/webhooks/mark-queries.ts'
import { workerConnections } from '../../src/features/webhooks/worker.ts'
import { type Endpoint, makeEndpoint } from '../support/webhook-endpoints.ts'
import { claimOf, markOf } from '../support/webhook-worker.ts'
import { type Organization, startWorld } from '../support/world.ts'

const world = startWorld()
let organization: Organization
const endpoints: Endpoint[] = []
let database: Database

// One connection, whose plans are made while there is nothing to deliver, as in a service that has just begun.
beforeAll(async () => {
  organization = await world.organization({ plan: 'scale' })
  for (let count = 0; count < 20; count++) endpoints.push(await makeEndpoint(organization))
  for (const table of ['webhook_deliveries', 'webhook_attempts', 'events'])
    await world.sql(`alter table ${table} set (autovacuum_enabled = off)`)
  await world.sql('vacuum analyze')
  database = openDatabase({
    url: world.database.appUrl,
    ...workerConnections,
    poolMax: 1,
    onLostConnection: () => undefined,
  })
  for (let count = 0; count < 12; count++) await claimAndMark()
  await world.sql(
    `insert into events (stream_id, sequence, id, type, occurred_at, data)
     select $1, 1000000 + n, 'evt_' || n, 'project.created', now(), '{}' from generate_series(1, 4000) n`,
    [organization.id],
  )
  await world.sql(
    `insert into webhook_deliveries (id, organization_id, endpoint_id, event_id, event_type, next_attempt_at)
     select 'dlv_' || n || endpoint, $1, endpoint, 'evt_' || n, 'project.created', now() - interval '1 hour'
     from generate_series(1, 4000) n, unnest($2::text[]) endpoint`,
    [organization.id, endpoints.map(({ id }) => id)],
  )
})
afterAll(() => database?.close())

/** How many are claimed and marked, and the rows and entries of indexes that the two statements look at. */
async function claimAndMark(): Promise<{ marked: number; read: number }> {
  return database.db.transaction().execute(async (tx) => {
    const before = await rowsRead(tx)
    const { taken } = await claimDeliveries(tx, { ...claimOf(), mostDeliveries: 64 })
    const marked = await markDeliveries(
      tx,
      taken.map((row) => markOf(row, 'succeeded')),
    )
    return { marked: marked.length, read: (await rowsRead(tx)) - before }
  })
}

async function rowsRead(tx: Database['db']): Promise<number> {
  const { rows } = await sql<{ read: number }>`
    select coalesce(sum(pg_stat_get_xact_tuples_returned(oid)), 0)::integer as read from pg_class
    where relname ~ '^(webhook_|events)'`.execute(tx)
  return rows[0]?.read ?? 0
}

it('reads little to claim and to mark, though its statements were planned when there was nothing', async () => {
  const { marked, read } = await claimAndMark()
  expect(marked).toBe(64)
  expect(read).toBeLessThan(3_000)
})

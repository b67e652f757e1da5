import { type Selectable, sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { Schema } from '../../db/schema.ts'
import type { DisabledReason } from '../../db/webhook-tables.ts'

// Counting more would take longer than a statement may.
const mostCounted = 100_000

/** Endpoints that exist, with how many of their deliveries are open and how many failed, up to a number. */
const endpoints = (db: Db, organizationId: string) =>
  db
    .selectFrom('webhook_endpoints as endpoint')
    .selectAll('endpoint')
    .select([
      countDeliveries(sql`next_attempt_at is not null`).as('pending'),
      countDeliveries(sql`status = 'failed'`).as('failed'),
    ])
    .where('endpoint.organization_id', '=', organizationId)
    .where('endpoint.deleted_at', 'is', null)

const countDeliveries = (condition: ReturnType<typeof sql>) => sql<number>`(select count(*) from (
  select from webhook_deliveries where endpoint_id = endpoint.id and ${condition} limit ${mostCounted}) counted)`

export async function findEndpointOf(db: Db, organizationId: string, id: string) {
  return endpoints(db, organizationId).where('endpoint.id', '=', id).executeTakeFirst()
}

/** An organization's endpoints, newest first, after the one with id `before`. */
export async function listEndpointsOf(
  db: Db,
  organizationId: string,
  page: { most: number; before?: string | undefined },
) {
  return endpoints(db, organizationId)
    .$if(page.before !== undefined, (query) => query.where('endpoint.id', '<', page.before ?? ''))
    .orderBy('endpoint.id', 'desc')
    .limit(page.most)
    .execute()
}

/** Not FOR UPDATE: whoever makes a delivery to it, holding the stream that we come to last, must not wait for us. */
export async function lockEndpoint(tx: Tx, organizationId: string, id: string) {
  return tx
    .selectFrom('webhook_endpoints')
    .selectAll()
    .select(sql<boolean>`coalesce(previous_secret_expires_at > now(), false)`.as('previous_secret_signs'))
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forNoKeyUpdate()
    .executeTakeFirst()
}

export type EndpointRow = Selectable<Schema['webhook_endpoints']>

type NewEndpoint = {
  id: string
  organization_id: string
  project_id: string | null
  url: string
  description: string | null
  event_types: string[]
  enabled: boolean
  disabled_reason: 'manual' | null
  sealed_secret: Buffer
}

export async function insertEndpoint(tx: Tx, endpoint: NewEndpoint): Promise<void> {
  await tx.insertInto('webhook_endpoints').values(endpoint).execute()
}

export type EndpointFields = Partial<Pick<NewEndpoint, 'project_id' | 'url' | 'description' | 'event_types'>>

/** `switched` tells that it was off and is on, or why it is off now; on, it begins anew as one that never failed. */
export async function updateEndpoint(
  tx: Tx,
  id: string,
  fields: EndpointFields,
  switched?: 'on' | DisabledReason,
): Promise<EndpointRow> {
  const state =
    switched === 'on'
      ? { enabled: true, disabled_reason: null, failing_since: null }
      : switched && { enabled: false, disabled_reason: switched }
  return tx
    .updateTable('webhook_endpoints')
    .set({ ...fields, ...state, updated_at: sql`now()` })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** The secret so far goes on signing for `overlapSeconds`; with 0 it signs nothing more. */
export async function replaceSecret(
  tx: Tx,
  id: string,
  sealedSecret: Buffer,
  overlapSeconds: number,
): Promise<void> {
  const overlap = sql<Date>`now() + make_interval(secs => ${overlapSeconds})`
  await tx
    .updateTable('webhook_endpoints')
    .set({
      sealed_previous_secret: overlapSeconds > 0 ? sql<Buffer>`sealed_secret` : null,
      previous_secret_expires_at: overlapSeconds > 0 ? overlap : null,
      sealed_secret: sealedSecret,
      secret_rotated_at: sql`now()`,
      updated_at: sql`now()`,
    })
    .where('id', '=', id)
    .execute()
}

/** A deleted endpoint is no project's any more, so that it outlives the project that it was for. */
export async function markEndpointDeleted(tx: Tx, id: string): Promise<void> {
  await tx
    .updateTable('webhook_endpoints')
    .set({ deleted_at: sql`now()`, project_id: null })
    .where('id', '=', id)
    .execute()
}

export async function lockEndpointsOfProject(tx: Tx, organizationId: string, projectId: string) {
  return tx
    .selectFrom('webhook_endpoints')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('project_id', '=', projectId)
    .orderBy('id')
    .forNoKeyUpdate()
    .execute()
}

/** Whether the endpoint has failed for days and nothing was taken in that time. */
export async function hasOnlyFailed(tx: Tx, endpointId: string): Promise<boolean> {
  const { rows } = await sql`select from webhook_endpoints endpoint
    where id = ${endpointId} and failing_since <= now() - interval '5 days' and not exists (
      select from webhook_deliveries
      where endpoint_id = endpoint.id and status = 'succeeded' and completed_at > failing_since)`.execute(tx)
  return rows.length > 0
}

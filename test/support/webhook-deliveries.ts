import { expect } from 'vitest'
import { type Endpoint, makeEndpoint } from './webhook-endpoints.ts'
import type { Organization, World } from './world.ts'

export const deliveriesPath = ({ id }: { id: string }) => `/v1/orgs/${id}/webhook-deliveries`

export type MadeDelivery = { id: string; path: string; eventId: string; endpoint: Endpoint }

/** A delivery of a real event: of a project's making, to an endpoint that hears of nothing else. */
export async function makeDelivery(
  world: World,
  organization: Organization,
  endpoint?: Endpoint,
): Promise<MadeDelivery> {
  const to = endpoint ?? (await makeEndpoint(organization, { eventTypes: ['project.created'] }))
  await world.project(organization)
  const [row] = await world.sql<{ id: string; event_id: string }>(
    'select id, event_id from webhook_deliveries where endpoint_id = $1 order by id desc limit 1',
    [to.id],
  )
  expect(row).toBeDefined()
  const id = row?.id ?? ''
  return { id, path: `${deliveriesPath(organization)}/${id}`, eventId: row?.event_id ?? '', endpoint: to }
}

/** Leaves a delivery as the worker may have left it, after so many attempts that failed. */
export async function leaveDelivery(
  world: World,
  id: string,
  status: string,
  attempts = 0,
  due = '2 hours',
): Promise<void> {
  const isOpen = ['pending', 'delivering', 'retrying'].includes(status)
  await world.sql(
    `update webhook_deliveries set status = $2, attempts = $3,
       next_attempt_at = case when $4 then now() + $5::interval end,
       lease_token = case when $2 = 'delivering' then gen_random_uuid() end,
       completed_at = case when not $4 then now() end
     where id = $1`,
    [id, status, attempts, isOpen, due],
  )
}

export const secretlessHeaders = {
  'content-type': 'application/json',
  'webhook-signature': 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
}

/** Writes down an attempt that was answered so (null: not at all). */
export async function putAttempt(
  world: World,
  delivery: string,
  number: number,
  status: number | null,
): Promise<void> {
  const error = status === 200 ? null : 'it failed'
  await world.sql(
    `insert into webhook_attempts (delivery_id, number, at, status, latency_ms, error, request_headers, answer)
     values ($1, $2::integer, '2026-05-12T00:00:00Z'::timestamptz + $2::integer * interval '1 second', $3, 87, $4, $5, $6)`,
    [delivery, number, status, error, JSON.stringify(secretlessHeaders), status && `answer ${number}`],
  )
}

/** What became of a delivery. */
export async function deliveryRow(world: World, id: string) {
  const [row] = await world.sql<{
    status: string
    attempts: number
    is_due: boolean
    lease_token: string | null
    completed_at: Date | null
  }>(
    `select status, attempts, coalesce(next_attempt_at <= now(), false) as is_due, lease_token, completed_at
     from webhook_deliveries where id = $1`,
    [id],
  )
  return row
}

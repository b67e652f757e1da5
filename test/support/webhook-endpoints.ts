import { expect } from 'vitest'
import { sealEndpointSecret } from '../../src/features/webhooks/endpoint-secrets.ts'
import { newId } from '../../src/lib/ids.ts'
import { newWebhookSecret } from '../../src/lib/standard-webhooks.ts'
import type { Organization, World } from './world.ts'

export type Endpoint = {
  id: string
  organization: Organization
  /** Of its routes. */
  path: string
  secret: string
  shown: Record<string, unknown>
}

export const endpointsPath = ({ id }: { id: string }) => `/v1/orgs/${id}/webhook-endpoints`

/** An endpoint as its owner adds it; unless told, it wants what nothing makes yet, and not even to hear of itself. */
export async function makeEndpoint(
  organization: Organization,
  body: Record<string, unknown> = {},
): Promise<Endpoint> {
  const answer = await organization.owner.post(endpointsPath(organization), {
    url: 'https://receiver.example/hook',
    eventTypes: ['usage.recorded'],
    ...body,
  })
  expect(answer.status).toBe(201)
  const { endpoint, secret } = answer.body
  const path = `${endpointsPath(organization)}/${endpoint.id}`
  return { id: endpoint.id, organization, path, secret, shown: endpoint }
}

/** Adds so many more like this one at once. */
export async function addAlike(world: World, { id }: Endpoint, count: number): Promise<void> {
  const ids = Array.from({ length: count }, () => newId('whe'))
  const sealed = ids.map((id) => sealEndpointSecret(world.ctx, id, newWebhookSecret()).toString('hex'))
  await world.sql(
    `insert into webhook_endpoints (id, organization_id, url, event_types, sealed_secret)
     select added.id, organization_id, url, event_types, decode(added.sealed, 'hex')
     from webhook_endpoints endpoint, unnest($2::text[], $3::text[]) added (id, sealed) where endpoint.id = $1`,
    [id, ids, sealed],
  )
}

/** A delivery to this endpoint as the worker may have left it. */
export async function putDelivery(
  world: World,
  { id, organization }: Endpoint,
  status = 'pending',
  type = 'user.created',
): Promise<string> {
  const delivery = newId('dlv')
  const isOpen = ['pending', 'delivering', 'retrying'].includes(status)
  await world.sql(
    `insert into webhook_deliveries
       (id, organization_id, endpoint_id, event_id, event_type, status, next_attempt_at, lease_token)
     values ($1, $2, $3, $4, $5, $6, case when $7 then now() end, case when $6 = 'delivering' then gen_random_uuid() end)`,
    [delivery, organization.id, id, newId('evt'), type, status, isOpen],
  )
  return delivery
}

/** What became of the endpoint's deliveries, by their id. */
export async function deliveriesTo(world: World, { id }: Endpoint) {
  const rows = await world.sql<{ id: string; status: string; lease_token: string | null; open: boolean }>(
    `select id, status, lease_token, next_attempt_at is not null as open from webhook_deliveries
     where endpoint_id = $1 order by id`,
    [id],
  )
  return new Map(rows.map((row) => [row.id, row]))
}

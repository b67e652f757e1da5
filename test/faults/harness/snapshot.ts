import { withClient } from '../../../src/db/postgres-roles.ts'
import type { Facts } from './history.ts'

export type AuditRow = {
  stream: string
  sequence: number
  action: string
  requestId: string
  isOurs: boolean
}
export type EventRow = { stream: string; sequence: number; id: string; type: string }

/** What the invariants want to know of a database. Later features add tables here. */
export type Snapshot = {
  /** The places of `Facts` that are there; what is absent counts as null. */
  facts: Facts
  auditRows: AuditRow[]
  events: EventRow[]
  heads: { stream: string; audit: number; event: number }[]
  places: { organization: string; used: number; limit: number }[]
  organizationsWithoutOwner: string[]
  /** Those that are on; `since` is the number of the event that tells of their creation. */
  endpoints: { id: string; organization: string; path: string; eventTypes: string[]; since: number }[]
  deliveries: { endpoint: string; event: string; status: string }[]
}

const factQueries = [
  `select 'projects/' || id || '/name' as at, name as value from projects`,
  `select 'projects/' || id || '/status', status from projects`,
  `select 'keys/' || encode(hash, 'hex') || '/works', null from secret_keys
    where expires_at is null or expires_at > now()`,
  `select 'organizations/' || id || '/name', name from organizations where deleted_at is null`,
  `select 'users/' || id || '/email', email from users`,
  `select 'users/' || id || '/display_name', display_name from users where display_name is not null`,
  `select 'sessions/' || id || '/lives', null from sessions where revoked_at is null and expires_at > now()`,
]

/** Reads it as the superuser, all of one moment. */
export async function takeSnapshot(superuserUrl: string): Promise<Snapshot> {
  return withClient(superuserUrl, async (client) => {
    await client.query('begin isolation level repeatable read read only')
    const rows = async (text: string) => (await client.query(text)).rows
    const facts = await rows(factQueries.join('\nunion all\n'))
    return {
      facts: Object.fromEntries(facts.map(({ at, value }) => [at, value ?? true])),
      auditRows: await rows(`select stream_id as stream, sequence::int, action, request_id as "requestId",
        actor_kind = 'system' as "isOurs" from audit_logs order by stream_id, sequence`),
      events: await rows(
        'select stream_id as stream, sequence::int, id, type from events order by stream_id, sequence',
      ),
      heads: await rows(
        'select id as stream, audit_sequence::int as audit, event_sequence::int as event from streams',
      ),
      places: await rows(`select s.organization_id as organization, p.project_limit as limit,
        (select count(*)::int from projects where organization_id = s.organization_id) as used
        from subscriptions s join plans p on p.key = s.plan_key`),
      organizationsWithoutOwner: (
        await rows(`select id from organizations o where deleted_at is null and not exists (
          select from memberships where organization_id = o.id and role = 'owner')`)
      ).map(({ id }) => id),
      endpoints: (
        await rows(`select endpoint.id, organization_id as organization, url, event_types as "eventTypes",
          (select sequence::int from events where stream_id = organization_id
            and type = 'webhook_endpoint.created' and data->>'id' = endpoint.id) as since
          from webhook_endpoints endpoint where enabled and deleted_at is null`)
      ).map(({ url, ...endpoint }) => ({ ...endpoint, path: new URL(url).pathname })),
      deliveries: await rows(
        'select endpoint_id as endpoint, event_id as event, status from webhook_deliveries',
      ),
    }
  })
}

import { sql } from 'kysely'
import type { Db } from '../../db/database.ts'
import { prepare } from '../../db/prepared.ts'

/** How an attempt ended, for the delivery and as its row; names as the columns have them. */
export type Mark = {
  id: string
  lease_token: string
  outcome: 'succeeded' | 'retrying' | 'failed'
  /** Until the next attempt, when it is retried. */
  wait_seconds: number | null
  /** Whether it tells anything of the receiver. */
  was_sent: boolean
  number: number
  at: Date
  status: number | null
  latency_ms: number
  error: string | null
  request_headers: Record<string, string>
  answer: string | null
}

/** `is_hopeless` tells of an endpoint that only failed for days. */
export type Marked = { id: string; is_hopeless: boolean }

/** How long an endpoint may only fail. */
const patience = sql`interval '5 days'`

/**
 * Writes the ends of attempts whose lease is still theirs, each with its row, and what they tell of the endpoints' health:
 * that at most once a second, and not where somebody is changing the endpoint. Waits for nobody, but where `waits` says so for
 * who holds one of the deliveries; returns what was marked.
 */
export async function markDeliveries(db: Db, marks: Mark[], { waits = false } = {}): Promise<Marked[]> {
  const mark = waits ? markWaiting : markFree
  return mark(db, { marks: JSON.stringify(marks) })
}

const prepareMark = (name: string, whereHeld: 'skip locked' | '') =>
  prepare<{ marks: string }>()(name, (db, parameter) => ({
    compile: () =>
      sql<Marked>`with result as (
      select * from json_to_recordset(${parameter('marks')}::json) as result (
        id text, lease_token uuid, outcome text, wait_seconds double precision, was_sent boolean, number integer,
        at timestamptz, status integer, latency_ms integer, error text, request_headers json, answer text)
    ), held as materialized (
      select delivery.id from webhook_deliveries delivery
      join result on result.id = delivery.id and result.lease_token = delivery.lease_token
      order by delivery.id for no key update of delivery ${sql.raw(whereHeld)}
    ), marked as (
      update webhook_deliveries delivery set
        status = result.outcome,
        attempts = result.number,
        next_attempt_at = case when result.outcome = 'retrying' then now() + make_interval(secs => result.wait_seconds) end,
        completed_at = case when result.outcome <> 'retrying' then now() end,
        lease_token = null
      from held join result on result.id = held.id
      where delivery.id = held.id
      returning delivery.endpoint_id, result.*
    ), kept as (
      insert into webhook_attempts (delivery_id, number, at, status, latency_ms, error, request_headers, answer)
      select id, number, at, status, latency_ms, error, request_headers, answer from marked
    ), told as (
      select endpoint_id, bool_or(outcome = 'succeeded') as succeeded, bool_or(outcome <> 'succeeded') as failed
      from marked where was_sent group by endpoint_id
    ), changed as (
      select endpoint.id, told.succeeded, told.failed
      from told join webhook_endpoints endpoint on endpoint.id = told.endpoint_id
      where succeeded and (failing_since is not null
          or coalesce(last_success_at < now() - interval '1 second', true))
        or failed and (failing_since is null and not succeeded
          or coalesce(last_failure_at < now() - interval '1 second', true))
      for no key update of endpoint skip locked
    ), healthy as (
      update webhook_endpoints endpoint set
        last_success_at = case when succeeded then now() else last_success_at end,
        last_failure_at = case when failed then now() else last_failure_at end,
        failing_since = case when succeeded then null else coalesce(failing_since, now()) end
      from changed where endpoint.id = changed.id
    )
    select marked.id,
      endpoint.enabled and was_sent and outcome <> 'succeeded'
        and coalesce(failing_since <= now() - ${patience}, false) as is_hopeless
    from marked join webhook_endpoints endpoint on endpoint.id = marked.endpoint_id`.compile(db),
  }))

const markFree = prepareMark('mark_webhook_deliveries', 'skip locked')
const markWaiting = prepareMark('mark_held_webhook_deliveries', '')

/** Gives deliveries back that were not attempted to an end, as if nobody had claimed them. */
export async function releaseDeliveries(
  db: Db,
  leases: { id: string; lease_token: string }[],
): Promise<void> {
  const tokens = JSON.stringify(leases.map(({ id, lease_token }) => ({ id, lease_token })))
  await sql`update webhook_deliveries delivery set
      status = case attempts when 0 then 'pending' else 'retrying' end,
      next_attempt_at = now(), lease_token = null
    from json_to_recordset(${tokens}::json) as lease (id text, lease_token uuid)
    where delivery.id = lease.id and delivery.lease_token = lease.lease_token`.execute(db)
}

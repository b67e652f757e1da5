import type { BackendApp, MemberWho } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/database.ts'
import { AppError } from '../../errors.ts'
import { recordReached } from '../subscriptions/reached-limits.ts'
import { getSubscription, refuseInactive } from '../subscriptions/subscriptions.ts'
import { type Metric, metrics } from './metrics.ts'
import { addToCounter, claimRecord, findRecord, keepRecord, listCounters } from './queries.ts'

export type NewUsage = { metric: Metric; quantity: number; idempotencyKey?: string | undefined }

/** A project's counter of a month, after what it reported. */
export type Counter = { metric: Metric; month: string; projectId: string; quantity: number }

/**
 * Counts what a project's back end reports, in this month. With an idempotency key it counts once, and who repeats it within
 * a day gets the same answer, whatever the subscription is by then.
 */
export async function recordUsage(
  ctx: Context,
  backend: BackendApp,
  { metric, quantity, idempotencyKey }: NewUsage,
): Promise<{ counter: Counter; isReplayed: boolean }> {
  const { organizationId, projectId } = backend
  const key = idempotencyKey === undefined ? undefined : keyOf(backend, idempotencyKey)
  return change.silent(ctx, backend, 'events tell of usage once a minute', async (tx, record) => {
    if (key && !(await claimRecord(tx, { ...key, metric, quantity })))
      return { counter: await answerBefore(tx, key, { metric, quantity }), isReplayed: true }
    const { month, counter, total } = await addToCounter(tx, { organizationId, projectId, metric, quantity })
    const subscription = await getSubscription(tx, organizationId)
    refuseInactive(subscription)
    const { limit } = metrics[metric]
    if (limit) await recordReached(tx, record, subscription, limit, total)
    if (key) await keepRecord(tx, key, { month, counter })
    return { counter: { metric, month, projectId, quantity: counter }, isReplayed: false }
  })
}

const keyOf = ({ organizationId, projectId }: BackendApp, idempotencyKey: string) => ({
  organization_id: organizationId,
  project_id: projectId,
  idempotency_key: idempotencyKey,
})

async function answerBefore(
  tx: Tx,
  key: ReturnType<typeof keyOf>,
  { metric, quantity }: { metric: Metric; quantity: number },
): Promise<Counter> {
  const kept = await findRecord(tx, key)
  if (kept.metric !== metric || kept.quantity !== quantity)
    throw new AppError('idempotency_conflict', 'This idempotencyKey was used for another report.')
  return { metric, month: kept.month ?? '', projectId: key.project_id, quantity: kept.counter ?? 0 }
}

export type MonthOfMetric = {
  metric: string
  month: string
  quantity: number
  projects: { id: string; quantity: number }[]
}

/** What the organization used in these months, the newest first, and how much of it each project reported. */
export async function listUsage(
  ctx: Context,
  { organizationId }: MemberWho<'usage.read'>,
  months: { from: string; to: string },
): Promise<MonthOfMetric[]> {
  const found = new Map<string, MonthOfMetric>()
  for (const { month, metric, project_id, quantity } of await listCounters(ctx.db, organizationId, months)) {
    const entry = found.get(`${month} ${metric}`) ?? { metric, month, quantity: 0, projects: [] }
    found.set(`${month} ${metric}`, entry)
    if (project_id === '') entry.quantity = quantity
    else entry.projects.push({ id: project_id, quantity })
  }
  return [...found.values()]
}

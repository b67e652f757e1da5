import { type Entry, isDone, isUnknown } from './history.ts'
import type { Run } from './invariants.ts'

/** What one request left behind: its actions, the same in each stream that heard of it. */
type Trace = { requestId: string; actions: string }

/** Comes along with whatever takes a place, and depends on how many are taken. */
export const reached = 'subscription.limit_reached'

const sorted = (actions: string[]) => [...actions].sort().join(' + ')

/**
 * Compares requests with the audit rows that bear their ids. A change that was answered has all its rows; one whose outcome
 * is unknown has all or none; of those with one idempotency key exactly one has them. Rows of requests that nobody got
 * an answer to bear ids that nobody knows: each must fit a request that was lost.
 */
export function traceFlaws({ entries, snapshot, operations }: Run): string[] {
  const flaws: string[] = []
  const traces = new Map(tracesOf(snapshot.auditRows, flaws).map((trace) => [trace.requestId, trace.actions]))
  const expected = ({ operation }: Entry) => sorted(operations[operation]?.actions ?? [])
  const told = ({ number, operation, status }: Entry) => `request ${number} (${operation}, ${status})`
  const left = new Map(traces)
  const leave = ({ requestId = '' }: Entry) => {
    const actions = traces.get(requestId)
    left.delete(requestId)
    return actions
  }
  /** Changes that were done by some request of which only this is known: what its rows are. */
  const unattributed: string[] = []
  const doneByKey = new Map<string, number>()

  for (const entry of entries) {
    const actions = leave(entry)
    if (actions !== undefined && entry.idempotencyKey)
      doneByKey.set(entry.idempotencyKey, (doneByKey.get(entry.idempotencyKey) ?? 0) + 1)
    const mayHave = operations[entry.operation]?.actions && (isDone(entry) || isUnknown(entry))
    if (actions === undefined) {
      const mustHave = mayHave && isDone(entry) && !entry.isReplay
      if (mustHave) flaws.push(`${told(entry)} left no audit row`)
    } else if (!mayHave) flaws.push(`${told(entry)} left ${actions}`)
    else if (actions !== expected(entry))
      flaws.push(`${told(entry)} left ${actions} instead of ${expected(entry)}`)
  }
  for (const entry of entries.filter(({ isReplay }) => isReplay)) {
    if (!doneByKey.has(entry.idempotencyKey ?? '')) unattributed.push(expected(entry))
  }
  for (const [key, times] of doneByKey) {
    if (times > 1) flaws.push(`the requests with the idempotency key ${key} were done ${times} times`)
  }

  const lost = entries.filter(({ status }) => status === 0).map(expected)
  for (const [requestId, actions] of left) {
    if (!take(lost, actions)) flaws.push(`nobody asked for ${actions} of ${requestId}`)
    take(unattributed, actions)
  }
  for (const actions of unattributed) flaws.push(`a replay tells of ${actions}, which left no audit row`)
  return flaws
}

function tracesOf(rows: Run['snapshot']['auditRows'], flaws: string[]): Trace[] {
  const byRequest = new Map<string, Map<string, string[]>>()
  for (const { requestId, stream, action, isOurs } of rows) {
    if (isOurs || action === reached) continue
    const streams = byRequest.get(requestId) ?? new Map<string, string[]>()
    streams.set(stream, [...(streams.get(stream) ?? []), action])
    byRequest.set(requestId, streams)
  }
  return [...byRequest].map(([requestId, streams]) => {
    const [actions = '', ...others] = [...new Set([...streams.values()].map(sorted))]
    if (others.length > 0) flaws.push(`the streams that heard of ${requestId} disagree`)
    return { requestId, actions }
  })
}

function take(from: string[], what: string): boolean {
  const at = from.indexOf(what)
  if (at !== -1) from.splice(at, 1)
  return at !== -1
}

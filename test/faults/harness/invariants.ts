import { actions as catalogue } from '../../../src/change/actions.ts'
import { reached, traceFlaws } from './audit-traces.ts'
import { type Entry, isDone } from './history.ts'
import { judge } from './judge.ts'
import type { Operation } from './operations.ts'
import type { Snapshot } from './snapshot.ts'
import { type WebhookRun, webhookInvariants } from './webhook-invariants.ts'
import { possibleValues, writesByPlace } from './writes.ts'

/** Everything there is to judge a run by. */
export type Run = WebhookRun & {
  entries: Entry[]
  snapshot: Snapshot
  operations: Record<string, Pick<Operation, 'actions' | 'refusals'>>
  /** The service was killed on purpose: requests may go unanswered. */
  mayGoUnanswered?: boolean
}

const longestMs = 6_000

const told = ({ number, operation, status, error = '' }: Entry) =>
  `request ${number} (${operation}): ${status} ${error}`.trim()

/** What must hold after a run: each entry lists what breaks it. Later features add lines here. */
export const invariants: Record<string, (run: Run) => string[]> = {
  'every answer is a success, a refusal that is right at times, or 503': ({ entries, operations }) =>
    entries
      .filter(
        (entry) =>
          !isDone(entry) &&
          entry.status !== 0 &&
          entry.status !== 503 &&
          !operations[entry.operation]?.refusals?.includes(entry.status),
      )
      .map(told),

  'every request is answered': ({ entries, mayGoUnanswered }) =>
    mayGoUnanswered ? [] : entries.filter(({ status }) => status === 0).map(told),

  'every 503 says when to come again': ({ entries }) =>
    entries
      .filter(({ status, retryAfter = '' }) => status === 503 && !/^[1-9]\d*$/.test(retryAfter))
      .map(told),

  'no request takes longer than six seconds': ({ entries }) =>
    entries
      .filter(({ begin, end }) => end - begin > longestMs)
      .map((entry) => `${told(entry)} took ${Math.round(entry.end - entry.begin)} ms`),

  'what was acknowledged is there': ({ entries, snapshot }) =>
    [...writesByPlace(entries)].flatMap(([place, writes]) => {
      const possible = possibleValues(writes, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
      const found = snapshot.facts[place] ?? null
      return possible.size === 0 || possible.has(found)
        ? []
        : [`${place} is ${found} instead of ${[...possible].join(' or ')}`]
    }),

  'no answer tells of what is over or not yet so': ({ entries }) => {
    const written = writesByPlace(entries)
    return entries.flatMap((entry) =>
      Object.entries(entry.saw ?? {}).flatMap(([place, value]) => {
        const possible = possibleValues(written.get(place) ?? [], entry.begin, entry.end)
        if (possible.size === 0 || possible.has(value)) return []
        return [`${told(entry)} saw ${place} as ${value} instead of ${[...possible].join(' or ')}`]
      }),
    )
  },

  'every change has its audit rows, whole and once, and nothing else has any': traceFlaws,

  'every audit row that is an event has its event': ({ snapshot }) => {
    const balance = new Map<string, number>()
    const add = (stream: string, type: string, by: number) =>
      balance.set(`${type} in ${stream}`, (balance.get(`${type} in ${stream}`) ?? 0) + by)
    for (const { stream, action } of snapshot.auditRows) if (isEvent(action)) add(stream, action, 1)
    for (const { stream, type } of snapshot.events) add(stream, type, -1)
    return [...balance]
      .filter(([, difference]) => difference !== 0)
      .map(([what, difference]) => `${what}: ${difference} more audit rows than events`)
  },

  'no sequence has a gap': ({ snapshot: { auditRows, events, heads } }) => [
    ...gaps('audit rows', auditRows, Object.fromEntries(heads.map(({ stream, audit }) => [stream, audit]))),
    ...gaps('events', events, Object.fromEntries(heads.map(({ stream, event }) => [stream, event]))),
  ],

  'no plan is exceeded': ({ snapshot }) =>
    snapshot.places
      .filter(({ used, limit }) => used > limit)
      .map(({ organization, used, limit }) => `${organization} has ${used} projects of ${limit}`),

  'a limit is told of once at 80 and once at 100 %': ({ snapshot: { auditRows, places } }) => {
    const told = Map.groupBy(
      auditRows.filter(({ action }) => action === reached),
      ({ stream }) => stream,
    )
    const tooOften = [...told].filter(([, rows]) => rows.length > 2).map(([stream]) => `${stream}: too often`)
    const never = places.filter(({ organization, used, limit }) => used === limit && !told.has(organization))
    return [...tooOften, ...never.map(({ organization }) => `${organization}: never`)]
  },

  'every organization has an owner': ({ snapshot }) => snapshot.organizationsWithoutOwner,

  ...webhookInvariants,
}

const isEvent = (action: string) =>
  (catalogue as Record<string, { isEvent: boolean }>)[action]?.isEvent ?? false

function gaps(what: string, rows: { stream: string; sequence: number }[], heads: Record<string, number>) {
  const last: Record<string, number> = {}
  const found: string[] = []
  for (const { stream, sequence } of rows) {
    const expected = (last[stream] ?? 0) + 1
    if (sequence !== expected) found.push(`${what} of ${stream}: ${sequence} instead of ${expected}`)
    last[stream] = sequence
  }
  for (const stream of new Set([...Object.keys(last), ...Object.keys(heads)])) {
    if ((last[stream] ?? 0) !== (heads[stream] ?? 0))
      found.push(`${what} of ${stream}: the head says ${heads[stream]}, the last is ${last[stream]}`)
  }
  return found
}

/** Judges a run by every invariant; what is broken, in words. */
export const violations = (run: Run): string[] => judge(invariants, run)

import { randomBytes } from 'node:crypto'
import type { Actor } from '../actors.ts'
import type { Context } from '../context.ts'
import type { Tx } from '../db/database.ts'
import { AppError } from '../errors.ts'
import { newId } from '../lib/ids.ts'
import { hmacSha256 } from '../lib/secrets.ts'
import { actions, type Entry, type RecordEntry } from './actions.ts'
import { claimAnswer, storeAnswer } from './idempotency.ts'
import { appendToStream, listChangedTags, listOrganizationsOf, type StreamEntry } from './queries.ts'

type Work<T> = (tx: Tx, record: RecordEntry) => Promise<T>

const attempts = 3
// Deadlock and serialization failure: the transaction left no trace and its callback did nothing but SQL.
const retriedCodes = ['40P01', '40001']

/**
 * The one way for a use case to write: runs `work` in a transaction and, just before COMMIT, appends what it recorded to the
 * streams of everyone concerned. Throws when nothing was recorded.
 */
export async function change<T>(ctx: Context, actor: Actor, work: Work<T>): Promise<T> {
  return inTransaction(ctx, actor, work, (entries) => {
    if (entries.length === 0) throw new Error('a change recorded nothing; use change.silent and say why')
  })
}

/** The same where there may be nothing to tell (seen times, a rotation that is not due); `reason` is for the reader. */
change.silent = async <T>(ctx: Context, actor: Actor, _reason: string, work: Work<T>): Promise<T> =>
  inTransaction(ctx, actor, work, () => undefined)

async function inTransaction<T>(
  ctx: Context,
  actor: Actor,
  work: Work<T>,
  check: (entries: Entry[]) => void,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    let changedTags: string[] = []
    let deliveries = 0
    try {
      const result = await ctx.db.transaction().execute(async (tx) => {
        await claimAnswer(ctx, tx, actor)
        const { result, entries } = await collect(tx, work)
        check(entries)
        await storeAnswer(ctx, tx, actor, result)
        deliveries = await appendEntries(tx, actor, entries)
        changedTags = await listChangedTags(tx)
        return result
      })
      if (deliveries > 0) ctx.deliveriesMade.notify()
      return result
    } catch (error) {
      if (!retriedCodes.includes((error as { code?: string }).code ?? '')) throw error
      if (attempt === attempts) throw tooBusy(error)
      ctx.log.warn({ err: error, attempt }, 'a transaction is tried again')
    } finally {
      // Others hear of it from the database; here it must be over before anybody is answered, also where COMMIT was not.
      // And who changes what was changed before, elsewhere or unheard, is told that it is so.
      ctx.cache.forget(actor.kind === 'user' ? [...changedTags, `user:${actor.userId}`] : changedTags)
    }
  }
}

const tooBusy = (cause: unknown) =>
  new AppError('service_unavailable', 'Too many changes at once. Try again shortly.', {
    cause,
    retryAfterSeconds: 1,
  })

/** Runs the work with a `record` that closes behind it: what comes later belongs to no transaction. */
async function collect<T>(tx: Tx, work: Work<T>): Promise<{ result: T; entries: Entry[] }> {
  const entries: Entry[] = []
  let isOpen = true
  try {
    const result = await work(tx, (action, facts) => {
      if (!isOpen) throw new Error(`${action} was recorded after the transaction's work was over`)
      entries.push({ action, ...facts } as Entry)
    })
    return { result, entries }
  } finally {
    isOpen = false
  }
}

/**
 * One statement per stream, in the order of their ids: two changes lock common heads in the same order and cannot deadlock.
 * Returns how many deliveries to webhook endpoints that made.
 */
async function appendEntries(tx: Tx, actor: Actor, entries: Entry[]): Promise<number> {
  const organizationsOf = await organizationsByPerson(tx, entries)
  const streams = new Map<string, StreamEntry[]>()
  for (const entry of entries) {
    for (const streamId of streamsOf(entry, organizationsOf)) {
      const ofStream = streams.get(streamId) ?? []
      ofStream.push(streamEntry({ actor, ...entry }))
      streams.set(streamId, ofStream)
    }
  }
  let deliveries = 0
  for (const streamId of [...streams.keys()].sort()) {
    deliveries += await appendToStream(tx, streamId, streams.get(streamId) ?? [])
  }
  return deliveries
}

const platform = 'platform'

function streamsOf(entry: Entry, organizationsOf: Map<string, string[]>): string[] {
  if ('organizationId' in entry) return [entry.organizationId]
  if ('userId' in entry && entry.userId !== null) return organizationsOf.get(entry.userId) ?? [platform]
  return [platform]
}

async function organizationsByPerson(tx: Tx, entries: Entry[]): Promise<Map<string, string[]>> {
  const people = new Set<string>()
  for (const entry of entries)
    if (!('organizationId' in entry) && 'userId' in entry && entry.userId !== null) people.add(entry.userId)
  const rows = people.size === 0 ? [] : await listOrganizationsOf(tx, [...people])
  const found = new Map<string, string[]>()
  for (const { user_id, organization_id } of rows) {
    found.set(user_id, [...(found.get(user_id) ?? []), organization_id])
  }
  return found
}

function streamEntry({ actor, ...entry }: Entry & { actor: Actor }): StreamEntry {
  const salt = randomBytes(16)
  const details = JSON.stringify({
    address: actor.request.address,
    userAgent: actor.request.userAgent,
    // Whom it concerns, who is not always the one who does it: nobody is signed in yet who signs in.
    ...('userId' in entry && entry.userId !== null ? { userId: entry.userId } : {}),
    ...entry.details,
    data: entry.data,
    previous: entry.previous,
  })
  return {
    id: newId('aud'),
    action: entry.action,
    actorKind: actor.kind,
    actorId: actorId(actor),
    targetId: entry.target,
    requestId: actor.request.id,
    detailsMac: hmacSha256(salt, details).toString('hex'),
    salt: salt.toString('hex'),
    details,
    eventId: actions[entry.action].isEvent ? (entry.eventId ?? newId('evt')) : null,
    projectId: projectOf(entry),
    data: entry.previous ? { ...entry.data, previous: entry.previous } : (entry.data ?? {}),
  }
}

/** The project that an entry is about: its target, or one that its data names. */
function projectOf({ action, target, data }: Entry): string | null {
  return action.startsWith('project.') ? target : ((data as { projectId?: string })?.projectId ?? null)
}

/** Who an audit row names: the person, the key, the project's app, or nobody. */
export function actorId(actor: Actor): string | null {
  switch (actor.kind) {
    case 'user':
      return actor.userId
    case 'backend':
      return actor.keyId
    case 'client':
      return actor.projectId
    default:
      return null
  }
}

import { system } from './actors.ts'
import { deleteOldAnswers } from './change/queries.ts'
import type { Context } from './context.ts'
import { deleteExpiredCodes } from './features/app-sign-in/queries.ts'
import { pruneBatch } from './features/audit-log/prune.ts'
import { pruneRows } from './features/audit-log/queries.ts'
import { deleteOldGuesses } from './features/credentials/queries.ts'
import { deleteOldEvents } from './features/events/queries.ts'
import { expireInvitations } from './features/invitations/queries.ts'
import { deleteEndedKeys } from './features/keys/queries.ts'
import { deleteDeliveriesToPurge, purgeOrganizations } from './features/organizations/queries.ts'
import {
  deleteEndedProjectSessions,
  deleteSupersededTokens as deleteSupersededProjectTokens,
} from './features/project-sessions/queries.ts'
import { deleteEndedSessions, deleteSupersededTokens } from './features/sessions/queries.ts'
import { deleteRetiredSigningKeys } from './features/sessions/signing-key-queries.ts'
import { rotateSigningKeys } from './features/sessions/signing-keys.ts'
import { deleteSpent } from './features/sign-in/queries.ts'
import { deleteOldReached } from './features/subscriptions/reached-limit-queries.ts'
import { deleteOldRecords } from './features/usage/queries.ts'
import { tellUsage } from './features/usage/tell-usage.ts'
import { cancelLeftDeliveries } from './features/webhooks/cancel-queries.ts'
import { deleteOldDeliveries, deleteOldEndpoints } from './features/webhooks/retention-queries.ts'

const aMinuteMs = 60_000
const most = 1_000
const mostOfMany = 10_000
// Each holds the stream of an organization until all are told.
const mostTold = 100
const longestMs = 10_000

/** What has had its time, deleted in bounded batches, so that no round holds anything for long; and keys that are due. */
const tasks: ((ctx: Context, signal: AbortSignal | undefined) => Promise<unknown>)[] = [
  repeatedly((ctx) => deleteOldAnswers(ctx.db, most), most),
  (ctx) => deleteOldGuesses(ctx.db, most),
  (ctx) => deleteEndedKeys(ctx.db, most),
  repeatedly((ctx) => expireInvitations(ctx.db, mostOfMany)),
  (ctx) => deleteEndedSessions(ctx.db, most),
  (ctx) => deleteExpiredCodes(ctx.db, most),
  (ctx) => deleteEndedProjectSessions(ctx.db, most),
  repeatedly((ctx) => deleteSupersededTokens(ctx.db, most), most),
  repeatedly((ctx) => deleteSupersededProjectTokens(ctx.db, most), most),
  repeatedly((ctx) => deleteSpent(ctx.db, most), most),
  repeatedly((ctx) => deleteOldDeliveries(ctx.db, ctx.config.webhooks.keptDays, mostOfMany)),
  repeatedly((ctx) => deleteOldEvents(ctx.db, ctx.config.webhooks.keptDays, mostOfMany)),
  repeatedly((ctx) => pruneRows(ctx.db, ctx.config.audit.keptDays, pruneBatch), pruneBatch),
  (ctx) => deleteOldEndpoints(ctx.db, ctx.config.webhooks.keptDays, most),
  repeatedly((ctx) => cancelLeftDeliveries(ctx.db, mostOfMany)),
  repeatedly((ctx) => deleteDeliveriesToPurge(ctx.db, mostOfMany)),
  repeatedly((ctx) => deleteOldRecords(ctx.db, mostOfMany)),
  (ctx) => deleteOldReached(ctx.db, most),
  repeatedly((ctx) => tellUsage(ctx, mostTold), mostTold),
  (ctx) => purgeOrganizations(ctx.db, 10),
  (ctx) => deleteRetiredSigningKeys(ctx.db),
  (ctx) => rotateSigningKeys(ctx, system('housekeeping'), { now: false }),
]

/** What can be many in a minute, one per event and endpoint: batch after batch while they are full, and for so long at most. */
function repeatedly(task: (ctx: Context) => Promise<number>, full = mostOfMany): (typeof tasks)[number] {
  return async (ctx, signal) => {
    const end = performance.now() + longestMs
    while ((await task(ctx)) === full && performance.now() < end && !signal?.aborted);
  }
}

/**
 * One round, which a signal cuts short. A task that fails is logged, comes again in the next round, and keeps no other from its
 * work.
 */
export async function keepHouse(ctx: Context, signal?: AbortSignal): Promise<void> {
  for (const task of tasks) {
    if (signal?.aborted) return
    await task(ctx, signal).catch((error) =>
      ctx.log.warn({ err: error }, 'housekeeping failed and will be tried again'),
    )
  }
}

/** Keeps house again and again, one round at a time, until the returned function has been awaited, which lets a task finish. */
export function startHousekeeping(ctx: Context, everyMs = aMinuteMs): () => Promise<void> {
  const stopping = new AbortController()
  let round: Promise<void> | undefined
  const timer = setInterval(() => {
    round ??= keepHouse(ctx, stopping.signal).finally(() => {
      round = undefined
    })
  }, everyMs)
  return async () => {
    clearInterval(timer)
    stopping.abort()
    await round
  }
}

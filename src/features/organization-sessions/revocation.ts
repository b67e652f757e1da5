import type { MemberWho } from '../../actors.ts'
import type { RecordEntry } from '../../change/actions.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/database.ts'
import { notFound } from '../../errors.ts'
import { isId } from '../../lib/ids.ts'
import { endProjectSessions } from '../project-sessions/project-sessions.ts'
import { endSessionsById } from '../sessions/end-sessions.ts'
import { countSights, listHomesOf, lockSights, refuseSights, type SightFilters } from './queries.ts'

// What one transaction does well within its time, and what one statement counts in it.
const mostRevoked = 200
const mostCounted = 10_000

type Revoker = MemberWho<'sessions.revoke'>

/** Several by their ids, or all that match but the one that asks. */
export type Revocation =
  | { sessionIds: string[]; filter?: undefined }
  | { filter: SightFilters; sessionIds?: undefined }

/** Ends a session as far as the organization goes: refused here from the next request on, signed out of its projects. */
export async function revokeOrganizationSession(
  ctx: Context,
  member: Revoker,
  sessionId: string,
): Promise<void> {
  await change(ctx, member, async (tx, record) => {
    const chosen = chosenBy(member, { sessionIds: [sessionId] })
    const [sight] = isId('ses', sessionId) ? await lock(ctx, tx, member, chosen) : []
    if (!sight) throw notFound('session')
    await end(tx, record, member.organizationId, [sight])
  })
}

/** Ends many sessions as that, the newest first, a bounded number at once. */
export async function revokeOrganizationSessions(ctx: Context, member: Revoker, revocation: Revocation) {
  const { organizationId } = member
  return change(ctx, member, async (tx, record) => {
    const found = await lock(ctx, tx, member, chosenBy(member, revocation))
    const ended = found.slice(0, mostRevoked)
    await end(tx, record, organizationId, ended)
    const count = ended.length
    record('organization.sessions_revoked', {
      organizationId,
      target: organizationId,
      data: { ...revocation, count },
    })
    return { count, hasMore: found.length > count }
  })
}

/** How many sessions that would end. */
export async function previewRevocation(ctx: Context, member: Revoker, revocation: Revocation) {
  const { idleDays } = ctx.config.session
  const filters = chosenBy(member, revocation)
  const found = await countSights(ctx.db, member.organizationId, idleDays, filters, mostCounted + 1)
  return { count: Math.min(found, mostCounted), hasMore: found > mostCounted }
}

const chosenBy = ({ sessionId }: Revoker, { sessionIds, filter }: Revocation): SightFilters =>
  sessionIds ? { sessionIds } : { ...filter, except: sessionId }

const lock = (ctx: Context, tx: Tx, { organizationId }: Revoker, filters: SightFilters) =>
  lockSights(tx, organizationId, ctx.config.session.idleDays, filters, mostRevoked + 1)

/** Where a person belongs to no other organization there is nothing left of a session, so the session itself ends. */
async function end(
  tx: Tx,
  record: RecordEntry,
  organizationId: string,
  sights: { id: string; user_id: string }[],
): Promise<void> {
  const ids = sights.map(({ id }) => id)
  await refuseSights(tx, organizationId, ids)
  const homes = Map.groupBy(
    await listHomesOf(tx, [...new Set(sights.map(({ user_id }) => user_id))]),
    ({ user_id }) => user_id,
  )
  const isAtHomeOnlyHere = (userId: string) =>
    homes.get(userId)?.every(({ organization_id }) => organization_id === organizationId) ?? false
  const [whole, here] = [
    sights.filter(({ user_id }) => isAtHomeOnlyHere(user_id)),
    sights.filter(({ user_id }) => !isAtHomeOnlyHere(user_id)),
  ]
  await endSessionsById(
    tx,
    record,
    whole.map(({ id }) => id),
    'revoked',
  )
  const reason = 'revoked_by_organization'
  for (const { id, user_id: userId } of here)
    record('session.revoked', { organizationId, userId, target: id, data: { id, userId, reason } })
  await endProjectSessions(tx, record, { sessionIds: here.map(({ id }) => id), organizationId }, reason)
}

import type { SignedInUser } from '../../actors.ts'
import type { Context } from '../../context.ts'
import type { Db } from '../../db/database.ts'
import { AppError } from '../../errors.ts'
import { noteSessionSeen } from './last-seen.ts'
import { findSight, findSights, upsertSight, upsertSights } from './queries.ts'

/**
 * Lets a member's session into an organization, unless it ended the session for itself. The first sight is written down before
 * anything is answered, so that no session works here that cannot be seen and ended here.
 */
export async function admitSession(ctx: Context, user: SignedInUser, organizationId: string): Promise<void> {
  const { sessionId, request } = user
  const [sight] = await findSight(ctx.db, { sessionId, organizationId })
  const from = { address: request.address, userAgent: request.userAgent }
  if (sight?.is_unseen) noteSessionSeen(ctx, { sessionId, organizationId, ...from })
  const isRefused = sight
    ? sight.revoked_at !== null
    : !(await seeSession(ctx, ctx.db, { sessionId, organizationId, ...from }))
  if (isRefused)
    throw new AppError('authentication_required', 'This organization ended your session. Sign in again.')
}

/** The same for many organizations at once: those of them that let the session in. */
export async function admitSessionToMany(
  ctx: Context,
  { sessionId, request: { address, userAgent } }: SignedInUser,
  organizationIds: string[],
): Promise<string[]> {
  const sights = await findSights(ctx.db, sessionId, organizationIds)
  for (const { organization_id: organizationId, is_unseen } of sights)
    if (is_unseen) noteSessionSeen(ctx, { sessionId, organizationId, address, userAgent })
  const seenBy = new Set(sights.map(({ organization_id }) => organization_id))
  const firstIds = organizationIds.filter((id) => !seenBy.has(id))
  const first = firstIds.map((organization_id) => ({
    session_id: sessionId,
    organization_id,
    address,
    user_agent: userAgent,
  }))
  const firstSights = first.length > 0 ? await upsertSights(ctx.db, first) : []
  for (const organizationId of firstIds)
    noteSessionSeen(ctx, { sessionId, organizationId, address, userAgent })
  return [...sights, ...firstSights]
    .filter(({ revoked_at }) => revoked_at === null)
    .map(({ organization_id }) => organization_id)
}

/** Whether an organization ended this session for itself. */
export async function isSessionRefused(
  ctx: Context,
  { sessionId }: SignedInUser,
  organizationId: string,
): Promise<boolean> {
  const [sight] = await findSight(ctx.db, { sessionId, organizationId })
  return sight ? sight.revoked_at !== null : false
}

type Place = { sessionId: string; organizationId: string; address: string; userAgent: string | null }

/**
 * Writes the sight down, and counts it a moment later; false when the organization ended this session for itself. Inside a
 * transaction nobody can end it meanwhile.
 */
export async function seeSession(ctx: Context, db: Db, place: Place): Promise<boolean> {
  const { revoked_at } = await upsertSight(db, {
    session_id: place.sessionId,
    organization_id: place.organizationId,
    address: place.address,
    user_agent: place.userAgent,
  })
  noteSessionSeen(ctx, place)
  return revoked_at === null
}

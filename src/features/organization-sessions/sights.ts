import type { SignedInUser } from '../../actors.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/database.ts'
import { AppError } from '../../errors.ts'
import { noteSessionSeen } from './last-seen.ts'
import { findSight, upsertSight } from './queries.ts'

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
    : !(await seeSession(ctx.db, { sessionId, organizationId, ...from }))
  if (isRefused)
    throw new AppError('authentication_required', 'This organization ended your session. Sign in again.')
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

/** Writes the sight down; false when the organization ended this session for itself. Inside a transaction nobody can end it meanwhile. */
export async function seeSession(db: Tx | Context['db'], place: Place): Promise<boolean> {
  const { revoked_at } = await upsertSight(db, {
    session_id: place.sessionId,
    organization_id: place.organizationId,
    address: place.address,
    user_agent: place.userAgent,
  })
  return revoked_at === null
}

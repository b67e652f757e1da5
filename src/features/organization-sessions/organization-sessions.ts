import type { MemberWho } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { notFound } from '../../errors.ts'
import { isId } from '../../lib/ids.ts'
import { type Page, readPage } from '../../lib/pages.ts'
import { endProjectSessions } from '../project-sessions/project-sessions.ts'
import { endSessions } from '../sessions/sessions.ts'
import { listMembershipsOf, listProjectsSeen, listSights, lockSight, refuseSight } from './queries.ts'

export type OrganizationSession = Awaited<ReturnType<typeof listSights>>[number] & {
  projects: { id: string; slug: string; name: string }[]
}

/** The live sessions that the member's organization saw, newest first: its own view of them, never more. */
export async function listOrganizationSessions(
  ctx: Context,
  { organizationId }: MemberWho<'sessions.read'>,
  page: Page,
): Promise<{ sessions: OrganizationSession[]; nextCursor: string | null }> {
  const { rows, nextCursor } = await readPage(ctx, `sessions ${organizationId}`, page, (keyset) =>
    listSights(ctx.db, organizationId, { idleDays: ctx.config.session.idleDays, ...keyset }),
  )
  const ids = rows.map(({ id }) => id)
  const projects = Map.groupBy(
    await listProjectsSeen(ctx.db, organizationId, ids),
    ({ session_id }) => session_id,
  )
  return { sessions: rows.map((row) => ({ ...row, projects: projects.get(row.id) ?? [] })), nextCursor }
}

/**
 * Ends a session as far as the organization goes: refused here from the next request on, signed out of its projects. Where the
 * person belongs to no other organization there is nothing left of it, so the session itself ends.
 */
export async function revokeOrganizationSession(
  ctx: Context,
  member: MemberWho<'sessions.revoke'>,
  sessionId: string,
): Promise<void> {
  const { organizationId } = member
  await change(ctx, member, async (tx, record) => {
    const { idleDays } = ctx.config.session
    const isOne = isId('ses', sessionId)
    const sight = isOne ? await lockSight(tx, organizationId, sessionId, idleDays) : undefined
    if (!sight) throw notFound('session')
    const { user_id: userId } = sight
    await refuseSight(tx, organizationId, sessionId)
    const homes = await listMembershipsOf(tx, userId)
    if (homes.length === 1 && homes[0] === organizationId) {
      await endSessions(tx, record, userId, { only: sessionId, reason: 'revoked' })
      return
    }
    const data = { id: sessionId, userId, reason: 'revoked_by_organization' }
    record('session.revoked', { organizationId, userId, target: sessionId, data })
    const which = { sessionIds: [sessionId], organizationId }
    await endProjectSessions(tx, record, which, 'revoked_by_organization')
  })
}

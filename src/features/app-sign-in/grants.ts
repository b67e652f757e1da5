import type { SignedInUser } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { notFound } from '../../errors.ts'
import { isId } from '../../lib/ids.ts'
import { type Page, readPage } from '../../lib/pages.ts'
import { endProjectSessions } from '../project-sessions/project-sessions.ts'
import { deleteGrant, listGrantsOf } from './queries.ts'

export type Grant = Awaited<ReturnType<typeof listGrantsOf>>[number]

/** The projects that the caller lets know them. */
export async function listGrants(ctx: Context, { userId }: SignedInUser, page: Page) {
  return readPage(ctx, `grants ${userId}`, page, (keyset) => listGrantsOf(ctx.db, userId, keyset))
}

/** Takes a grant back: the caller's sessions of that project end, and the next sign-in to it asks again. */
export async function revokeGrant(ctx: Context, user: SignedInUser, projectId: string): Promise<void> {
  const { userId } = user
  await change(ctx, user, async (tx, record) => {
    const grant = isId('app', projectId) ? await deleteGrant(tx, userId, projectId) : undefined
    if (!grant) throw notFound('grant')
    const { organization_id: organizationId } = grant
    record('auth.app.revoked', { organizationId, userId, target: projectId, data: { userId, projectId } })
    await endProjectSessions(tx, record, { userId, projectId }, 'grant_revoked')
  })
}

import type { BackendApp } from '../../actors.ts'
import type { Context } from '../../context.ts'
import { type Known, whenKnown } from '../../lib/when-known.ts'
import { findByAccessToken, findBySessionToken, type ProjectSession, type ShownSession } from './find.ts'
import { noteProjectSessionSeen } from './last-seen.ts'

/** The live session of a project's session token or access token; a token of another organization does not exist here. */
export function verifyProjectToken(
  ctx: Context,
  backend: BackendApp,
  token: string,
): Known<ShownSession | undefined> {
  const belongs = (session: ProjectSession) => session.organization_id === backend.organizationId
  if (!token.includes('.')) return findBySessionToken(ctx, backend, token, belongs)
  return whenKnown(findByAccessToken(ctx, token), (found) => {
    if (!found || !belongs(found.session)) return undefined
    noteProjectSessionSeen(ctx, found.session)
    return found
  })
}

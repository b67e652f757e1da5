import type { BackendApp } from '../../actors.ts'
import type { Context } from '../../context.ts'
import { findByAccessToken, findBySessionToken, type ProjectSession, type ShownSession } from './find.ts'
import { noteProjectSessionSeen } from './last-seen.ts'

/** The live session of a project's session token or access token; a token of another organization does not exist here. */
export async function verifyProjectToken(
  ctx: Context,
  backend: BackendApp,
  token: string,
): Promise<ShownSession | undefined> {
  const belongs = (session: ProjectSession) => session.organization_id === backend.organizationId
  if (!token.includes('.')) return findBySessionToken(ctx, backend, token, belongs)
  const found = await findByAccessToken(ctx, token)
  if (!found || !belongs(found.session)) return undefined
  noteProjectSessionSeen(ctx, found.session)
  return found
}

import type { ProjectUser, SignedInUser } from '../../actors.ts'
import type { Authenticate } from '../../http/audiences.ts'
import { authenticateUser } from '../sessions/authenticate.ts'
import { findByAccessToken, type ProjectSession } from './find.ts'
import { noteProjectSessionSeen } from './last-seen.ts'

export type SeenProjectUser = ProjectUser & { session: ProjectSession }

/** A signed-in person, or a person as a project knows them: the only route family that takes a project's access token. */
export const authenticateMe: Authenticate = async (
  ctx,
  incoming,
): Promise<SeenProjectUser | SignedInUser> => {
  const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(incoming.headers.authorization ?? '')?.[1]
  const found = token && (await findByAccessToken(ctx, token))
  if (!found) return (await authenticateUser(ctx, incoming)) as SignedInUser
  const { session } = found
  noteProjectSessionSeen(ctx, session)
  return {
    kind: 'project_user',
    request: incoming.facts,
    userId: session.user_id,
    projectId: session.project_id,
    organizationId: session.organization_id,
    projectSessionId: session.id,
    session,
  }
}

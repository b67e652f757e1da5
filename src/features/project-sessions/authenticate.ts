import type { Actor, ProjectUser, RequestFacts } from '../../actors.ts'
import type { Context } from '../../context.ts'
import type { Authenticate } from '../../http/audiences.ts'
import { type Known, whenKnown } from '../../lib/when-known.ts'
import { authenticateUser } from '../sessions/authenticate.ts'
import { findByAccessToken, type ProjectSession } from './find.ts'
import { noteProjectSessionSeen } from './last-seen.ts'

export type SeenProjectUser = ProjectUser & { session: ProjectSession }

/** A signed-in person, or a person as a project knows them: the only route family that takes a project's access token. */
export const authenticateMe: Authenticate = (ctx, incoming) => {
  const { authorization } = incoming.headers
  if (authorization === undefined) return authenticateUser(ctx, incoming)
  const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1]
  const found = token === undefined ? undefined : findByAccessToken(ctx, token)
  return whenKnown(
    found,
    (shown): Known<Actor> =>
      shown ? projectUser(ctx, shown.session, incoming.facts) : authenticateUser(ctx, incoming),
  )
}

function projectUser(ctx: Context, session: ProjectSession, request: RequestFacts): SeenProjectUser {
  noteProjectSessionSeen(ctx, session)
  return {
    kind: 'project_user',
    request,
    userId: session.user_id,
    projectId: session.project_id,
    organizationId: session.organization_id,
    projectSessionId: session.id,
    session,
  }
}

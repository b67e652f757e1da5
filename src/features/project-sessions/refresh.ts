import type { ClientApp } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { newSessionToken } from '../sessions/tokens.ts'
import { endReused, findBySessionToken, findProjectSession, type ProjectSession } from './find.ts'
import { endProjectSessions } from './project-sessions.ts'
import { holdFoundations, rotateToken } from './queries.ts'

const ended = () => new AppError('authentication_required', 'This session has ended. Sign in again.')

/** Gives a project session a new token; the old one stays good until the new one is first used, at most 60 s. */
export async function refreshProjectSession(
  ctx: Context,
  app: ClientApp,
  oldToken: string,
): Promise<{ session: ProjectSession; token: string }> {
  const shown = await findBySessionToken(ctx, app, oldToken, isOf(app))
  if (!shown) throw ended()
  const { token, hash } = newSessionToken(ctx.config)
  const { id, session_id: sessionId, organization_id: organizationId, project_id: projectId } = shown.session
  const reason = 'a new token for the same session is nothing to tell'
  const { state, session } = await change.silent(ctx, app, reason, async (tx) => {
    // In the order in which those who end a part of it lock: what it rests on, then the project session.
    if (!(await holdFoundations(tx, { sessionId, organizationId, projectId }))) throw ended()
    const state = await rotateToken(tx, id, [shown.hash], hash)
    return { state, session: await findProjectSession(ctx, tx, id) }
  })
  if (state === 'reused') await endReused(ctx, app, shown.session)
  if (state === undefined || state === 'reused' || !session) throw ended()
  return { session, token }
}

/** Ends the project session of this token and nothing else; a token of none, or of another project, changes nothing. */
export async function revokeProjectSession(ctx: Context, app: ClientApp, token: string): Promise<void> {
  const shown = await findBySessionToken(ctx, app, token, isOf(app))
  if (!shown) return
  const { id, user_id: userId } = shown.session
  await change.silent(ctx, app, 'it may have ended just now', async (tx, record) => {
    await endProjectSessions(tx, record, { userId, id }, 'signed_out')
  })
  // Where it had ended before, nothing was changed that would be forgotten.
  ctx.cache.forget([`session:${id}`])
}

const isOf = (app: ClientApp) => (session: ProjectSession) => session.project_id === app.projectId

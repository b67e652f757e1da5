import { decodeJwt, errors } from 'jose'
import type { Actor } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { isId } from '../../lib/ids.ts'
import { verifiedClaims } from '../sessions/access-tokens.ts'
import { sessionTokenHashes } from '../sessions/tokens.ts'
import { noteProjectSessionSeen } from './last-seen.ts'
import { endProjectSessions } from './project-sessions.ts'
import { findProjectSessionById, findProjectSessionByToken, markTokenUsed } from './queries.ts'

export type ProjectSession = Awaited<ReturnType<typeof findProjectSessionById>>[number]
export type ShownToken = { session: ProjectSession; hash: Buffer }

/**
 * The live project session of a session token, as far as it `belongs` to who shows it; to anybody else it does not exist. A
 * token that comes back after its successor was used ends the session: somebody has a copy.
 */
export async function findBySessionToken(
  ctx: Context,
  actor: Actor,
  token: string,
  belongs: (session: ProjectSession) => boolean,
): Promise<ShownToken | undefined> {
  const hashes = sessionTokenHashes(ctx.config, token)
  if (!hashes) return undefined
  const { idleDays } = ctx.config.session
  const [found] = await findProjectSessionByToken(ctx.db, { hashes, idleDays })
  if (!found || !belongs(found)) return undefined
  if (found.state === 'reused') {
    await endReused(ctx, actor, found)
    return undefined
  }
  // The first use is what ends the grace of the token before.
  if (found.first_used_at === null) await markTokenUsed(ctx.db, found.hash)
  noteProjectSessionSeen(ctx, found)
  return { session: found, hash: found.hash }
}

/** Ends a session whose old token came back, and says so once. */
export async function endReused(ctx: Context, actor: Actor, session: ProjectSession): Promise<void> {
  const { id, user_id: userId, organization_id: organizationId } = session
  await change.silent(ctx, actor, 'a second reuse finds the session ended', async (tx, record) => {
    const ended = await endProjectSessions(tx, record, { userId, id }, 'token_reused')
    if (ended > 0) record('auth.session_token.reused', { organizationId, userId, target: id })
  })
}

/** The live project session of a project's access token, with the token's end; undefined for every other text. */
export async function findByAccessToken(
  ctx: Context,
  token: string,
): Promise<{ session: ProjectSession; expiresAt: Date } | undefined> {
  const projectId = statedProject(token)
  const claims = projectId && (await verifiedClaims(ctx, token, projectId))
  if (!claims || claims.pid !== projectId || typeof claims.sid !== 'string') return undefined
  const session = await findProjectSession(ctx, claims.sid)
  if (!session || session.project_id !== projectId) return undefined
  return { session, expiresAt: new Date((claims.exp ?? 0) * 1000) }
}

/** The live project session with this id. */
export async function findProjectSession(ctx: Context, id: string): Promise<ProjectSession | undefined> {
  const { idleDays } = ctx.config.session
  const [found] = isId('ses', id) ? await findProjectSessionById(ctx.db, { id, idleDays }) : []
  return found
}

/** The project that an access token says it is for; nothing of it is proven yet. */
function statedProject(token: string): string | undefined {
  try {
    const { aud } = decodeJwt(token)
    return typeof aud === 'string' && isId('app', aud) ? aud : undefined
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined
    throw error
  }
}

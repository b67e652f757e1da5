import { decodeJwt, errors } from 'jose'
import type { Actor } from '../../actors.ts'
import type { CachedQuery } from '../../change/cache.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Db } from '../../db/database.ts'
import { isId } from '../../lib/ids.ts'
import { sha256Text } from '../../lib/secrets.ts'
import { type Known, whenKnown } from '../../lib/when-known.ts'
import { verifiedClaims } from '../sessions/access-tokens.ts'
import { findUnderHash, sessionTokenHashes } from '../sessions/tokens.ts'
import { noteProjectSessionSeen } from './last-seen.ts'
import { endProjectSessions } from './project-sessions.ts'
import { findProjectSessionById, findProjectSessionByToken, markTokenUsed } from './queries.ts'

export type ProjectSession = Awaited<ReturnType<typeof findProjectSessionById>>[number]
/** A session with the token that was shown for it, and when that token ends if nothing ends it before. */
export type ShownSession = { session: ProjectSession; expiresAt: Date }
export type ShownToken = ShownSession & { hash: Buffer }

type FoundToken = ShownToken & { isReused: boolean; isFirstUse: boolean }

const tagsOf = (session: ProjectSession) => [
  `session:${session.id}`,
  `session:${session.session_id}`,
  `user:${session.user_id}`,
  `project:${session.project_id}`,
  `organization:${session.organization_id}`,
]

const sessionsByToken: CachedQuery<string, FoundToken> = {
  name: 'project_sessions',
  most: 20_000,
  async find(ctx, token) {
    const hashes = sessionTokenHashes(ctx.config, token)
    if (!hashes) return undefined
    const { idleDays } = ctx.config.session
    const found = await findUnderHash(hashes, (hash) => findProjectSessionByToken(ctx.db, { hash, idleDays }))
    if (!found) return undefined
    const isFirstUse = found.first_used_at === null
    return {
      value: {
        session: found,
        hash: found.hash,
        expiresAt: found.expires_at,
        isReused: found.state === 'reused',
        isFirstUse,
      },
      tags: tagsOf(found),
      // One that stepped back is judged anew each time, and one that was never used is not used by looking at it.
      seconds: found.state === 'current' && !isFirstUse ? found.seconds_left : 0,
    }
  },
}

const sessionsByAccessToken: CachedQuery<string, ShownSession> = {
  name: 'project_access_tokens',
  most: 20_000,
  async find(ctx, token) {
    const projectId = statedProject(token)
    const claims = projectId && (await verifiedClaims(ctx, token, projectId))
    if (!claims || claims.pid !== projectId || typeof claims.sid !== 'string') return undefined
    const session = await findProjectSession(ctx, ctx.db, claims.sid)
    if (!session || session.project_id !== projectId) return undefined
    const expiresAt = new Date((claims.exp ?? 0) * 1000)
    const tokenSeconds = (expiresAt.getTime() - ctx.clock().getTime()) / 1000
    return {
      value: { session, expiresAt },
      tags: tagsOf(session),
      seconds: Math.min(tokenSeconds, session.seconds_left),
    }
  },
}

/**
 * The live project session of a session token, as far as it `belongs` to who shows it; to anybody else it does not exist. A
 * token that comes back after its successor was used ends the session: somebody has a copy.
 */
export function findBySessionToken(
  ctx: Context,
  actor: Actor,
  token: string,
  belongs: (session: ProjectSession) => boolean,
): Known<ShownToken | undefined> {
  const seen = (found: FoundToken) => {
    noteProjectSessionSeen(ctx, found.session)
    return found
  }
  return whenKnown(
    ctx.cache.get(sessionsByToken, sha256Text(token), token),
    (found): Known<ShownToken | undefined> => {
      if (!found || !belongs(found.session)) return undefined
      if (found.isReused) return endReused(ctx, actor, found.session).then(() => undefined)
      // The first use is what ends the grace of the token before.
      return found.isFirstUse ? markTokenUsed(ctx.db, found.hash).then(() => seen(found)) : seen(found)
    },
  )
}

/** Ends a session whose old token came back, and says so once. */
export async function endReused(ctx: Context, actor: Actor, session: ProjectSession): Promise<void> {
  const { id, user_id: userId, organization_id: organizationId } = session
  await change.silent(ctx, actor, 'a second reuse finds the session ended', async (tx, record) => {
    const ended = await endProjectSessions(tx, record, { userId, id }, 'token_reused')
    if (ended > 0) record('auth.session_token.reused', { organizationId, userId, target: id })
  })
}

/** The live project session of a project's access token; undefined for every other text. */
export function findByAccessToken(ctx: Context, token: string): Known<ShownSession | undefined> {
  // A person's own access token is for no project, and nothing to remember.
  if (statedProject(token) === undefined) return undefined
  return ctx.cache.get(sessionsByAccessToken, sha256Text(token), token)
}

/** The live project session with this id, as `db` sees it: inside a change, what that change just made. */
export async function findProjectSession(
  ctx: Context,
  db: Db,
  id: string,
): Promise<ProjectSession | undefined> {
  const { idleDays } = ctx.config.session
  const [found] = isId('ses', id) ? await findProjectSessionById(db, { id, idleDays }) : []
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

import type { CachedQuery } from '../../change/cache.ts'
import { isId } from '../../lib/ids.ts'
import { verifiedClaims } from './access-tokens.ts'
import { findSessionById, findSessionByToken, markTokenUsed } from './queries.ts'
import { findUnderHash, sessionTokenHashes } from './tokens.ts'

type Row = Awaited<ReturnType<typeof findSessionById>>[number]
export type LiveSession = Row & { isTokenReused: boolean }

const tagsOf = (session: Row) => [`session:${session.id}`, `user:${session.user_id}`]

/** The live session of a token of our cookie. */
export const sessionsByToken: CachedQuery<string, LiveSession> = {
  name: 'sessions',
  most: 20_000,
  async find(ctx, token) {
    const hashes = sessionTokenHashes(ctx.config, token)
    if (!hashes) return undefined
    const { idleDays } = ctx.config.session
    const found = await findUnderHash(hashes, (hash) => findSessionByToken(ctx.db, { hash, idleDays }))
    if (!found) return undefined
    // The first use is what ends the grace of the token before.
    if (found.first_used_at === null && found.state !== 'reused') await markTokenUsed(ctx.db, found.hash)
    return {
      value: { ...found, isTokenReused: found.state === 'reused' },
      tags: tagsOf(found),
      // A token that stepped back is judged anew each time.
      seconds: found.state === 'current' ? found.seconds_left : 0,
    }
  },
}

/** The live session of one of our own access tokens. */
export const sessionsByAccessToken: CachedQuery<string, LiveSession> = {
  name: 'access_tokens',
  most: 20_000,
  async find(ctx, token) {
    const { sid, exp = 0 } = (await verifiedClaims(ctx, token, ctx.config.publicBaseUrl)) ?? {}
    if (typeof sid !== 'string' || !isId('ses', sid)) return undefined
    const [found] = await findSessionById(ctx.db, { id: sid, idleDays: ctx.config.session.idleDays })
    if (!found) return undefined
    const tokenSeconds = exp - ctx.clock().getTime() / 1000
    return {
      value: { ...found, isTokenReused: false },
      tags: tagsOf(found),
      seconds: Math.min(tokenSeconds, found.seconds_left),
    }
  },
}

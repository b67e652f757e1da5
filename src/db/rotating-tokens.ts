import { sql } from 'kysely'
import type { Db, Tx } from './database.ts'

const graceSeconds = 60

/** `current`; `grace` while its successor is unused, at most a minute; `reused` for every older token. */
export type TokenState = 'current' | 'grace' | 'reused'

type Owners = 'sessions' | 'project_sessions'

/**
 * The SQL of tokens that follow one another, for each of the tables that keep such: parallel refreshes and lost answers sign
 * nobody out, and an old token that comes back is recognised.
 */
export function rotatingTokens(
  name: 'session_tokens' | 'project_session_tokens',
  ownerColumn: string,
  ownersName: Owners,
) {
  const table = sql.table(name)
  const owner = sql.ref(ownerColumn)
  const owners = sql.table(ownersName)

  // By the statement's time, not the transaction's: it may have waited for a lock in between.
  const state = sql<TokenState>`case
    when ${table}.superseded_at is null then 'current'
    when ${table}.superseded_at > statement_timestamp() - make_interval(secs => ${sql.lit(graceSeconds)})
      and not exists (
        select from ${table} successor
        where successor.${owner} = ${table}.${owner}
          and successor.issued_at >= ${table}.superseded_at and successor.first_used_at is not null
      ) then 'grace'
    else 'reused' end`

  async function insertToken(tx: Tx, ownerId: string, hash: Buffer): Promise<void> {
    await sql`insert into ${table} (${owner}, hash) values (${ownerId}, ${hash})`.execute(tx)
  }

  return {
    /** Selects a token's state in a query that joins the table. */
    state,

    insertToken,

    /**
     * Lets `next` follow the token that was shown: locks the owner, judges the token as it is now, makes it step back, adds the
     * new one. Returns what it judged; for `reused`, and undefined (the owner or the token has ended), nothing was added.
     */
    async rotateToken(
      tx: Tx,
      ownerId: string,
      shown: Buffer[],
      next: Buffer,
    ): Promise<TokenState | undefined> {
      const held = await sql`select from ${owners}
        where id = ${ownerId} and revoked_at is null for update`.execute(tx)
      if (held.rows.length === 0) return undefined
      // A statement of its own, so that it sees what happened while the lock was waited for.
      const judged = await sql<{ state: TokenState }>`select ${state} as state from ${table}
        where hash = any(${shown}::bytea[]) and ${owner} = ${ownerId}`.execute(tx)
      const found = judged.rows[0]?.state
      if (found === undefined || found === 'reused') return found
      if (found === 'current')
        await sql`update ${table} set superseded_at = clock_timestamp()
          where ${owner} = ${ownerId} and superseded_at is null`.execute(tx)
      await insertToken(tx, ownerId, next)
      return found
    },

    async deleteTokens(tx: Tx, ownerId: string): Promise<void> {
      await sql`delete from ${table} where ${owner} = ${ownerId}`.execute(tx)
    },

    async markTokenUsed(db: Db, hash: Buffer): Promise<void> {
      await sql`update ${table} set first_used_at = clock_timestamp()
        where hash = ${hash} and first_used_at is null`.execute(db)
    },

    /**
     * Forgets tokens that stepped back more than a day ago, a bounded number at a time. Reuse of one is still never accepted: it
     * is an unknown token then, which gets 401, and only no longer ends the session.
     */
    async deleteSupersededTokens(db: Db, most: number): Promise<number> {
      const { numAffectedRows = 0n } = await sql`delete from ${table} where hash in (
        select hash from ${table} where superseded_at < now() - interval '1 day' limit ${most})`.execute(db)
      return Number(numAffectedRows)
    },
  }
}

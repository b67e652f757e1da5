import { sql } from 'kysely'
import type { Db, Tx } from './database.ts'

const graceSeconds = 60

/** `current`; `grace` while its successor is unused, at most a minute; `reused` for every older token. */
export type TokenState = 'current' | 'grace' | 'reused'

/**
 * The SQL of tokens that follow one another, for each of the tables that keep such: parallel refreshes and lost answers sign
 * nobody out, and an old token that comes back is recognised.
 */
export function rotatingTokens(name: 'session_tokens' | 'project_session_tokens', ownerColumn: string) {
  const table = sql.table(name)
  const owner = sql.ref(ownerColumn)
  return {
    /** Selects a token's state in a query that joins the table. */
    state: sql<TokenState>`case
      when ${table}.superseded_at is null then 'current'
      when ${table}.superseded_at > now() - make_interval(secs => ${sql.lit(graceSeconds)}) and not exists (
        select from ${table} successor
        where successor.${owner} = ${table}.${owner}
          and successor.issued_at >= ${table}.superseded_at and successor.first_used_at is not null
      ) then 'grace'
      else 'reused' end`,

    async insertToken(tx: Tx, ownerId: string, hash: Buffer): Promise<void> {
      await sql`insert into ${table} (${owner}, hash) values (${ownerId}, ${hash})`.execute(tx)
    },

    /** The owner's tokens step back; each stays good as long as `state` calls it in grace. */
    async supersedeTokens(tx: Tx, ownerId: string): Promise<void> {
      await sql`update ${table} set superseded_at = clock_timestamp()
        where ${owner} = ${ownerId} and superseded_at is null`.execute(tx)
    },

    async deleteTokens(tx: Tx, ownerId: string): Promise<void> {
      await sql`delete from ${table} where ${owner} = ${ownerId}`.execute(tx)
    },

    async isTokenCurrent(tx: Tx, hashes: Buffer[]): Promise<boolean> {
      const { rows } = await sql`select from ${table}
        where hash = any(${hashes}::bytea[]) and superseded_at is null`.execute(tx)
      return rows.length > 0
    },

    async markTokenUsed(db: Db, hash: Buffer): Promise<void> {
      await sql`update ${table} set first_used_at = clock_timestamp()
        where hash = ${hash} and first_used_at is null`.execute(db)
    },
  }
}

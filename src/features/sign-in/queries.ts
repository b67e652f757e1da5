import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'

type NewState = {
  state_hash: Buffer
  browser_hash: Buffer
  sealed: Buffer
  redirect_url: string | null
  step_up_session_id: string | null
}

export async function insertState(db: Db, state: NewState): Promise<void> {
  await db.insertInto('oidc_states').values(state).execute()
}

/** Spends a state: it works once, before its end, in the browser that it was made for. */
export async function takeState(db: Db, stateHash: Buffer, browserHash: Buffer) {
  return db
    .deleteFrom('oidc_states')
    .where('state_hash', '=', stateHash)
    .where('browser_hash', '=', browserHash)
    .where('expires_at', '>', sql<Date>`now()`)
    .returningAll()
    .executeTakeFirst()
}

type Identity = { issuer: string; subject: string }

/** One sign-in of an identity at a time, across replicas: the first makes the person, the others find them. */
export async function lockIdentity(tx: Tx, { issuer, subject }: Identity): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`external_identities ${issuer} ${subject}`}, 0))`.execute(
    tx,
  )
}

/** The person of an identity; in a transaction nobody else changes or disables them until its end. */
export async function findPersonOf(db: Db, { issuer, subject }: Identity) {
  return db
    .selectFrom('external_identities')
    .innerJoin('users', 'users.id', 'external_identities.user_id')
    .select(['users.id', 'users.disabled_at'])
    .where('external_identities.issuer', '=', issuer)
    .where('external_identities.subject', '=', subject)
    .forNoKeyUpdate('users')
    .executeTakeFirst()
}

export async function insertIdentity(tx: Tx, identity: Identity & { user_id: string }): Promise<void> {
  await tx.insertInto('external_identities').values(identity).execute()
}

/** The provider that a session came from; undefined for sessions that began here. */
export async function findProviderOf(db: Db, sessionId: string) {
  return db
    .selectFrom('sessions')
    .select(['issuer', 'subject', 'sealed_id_token'])
    .where('id', '=', sessionId)
    .where('issuer', 'is not', null)
    .executeTakeFirst()
}

/** False when a logout token with this `jti` was carried out before. */
export async function spendLogoutToken(
  tx: Tx,
  token: { issuer: string; jti: string; expires_at: Date },
): Promise<boolean> {
  const spent = await tx
    .insertInto('spent_logout_tokens')
    .values(token)
    .onConflict((conflict) => conflict.columns(['issuer', 'jti']).doNothing())
    .returning('jti')
    .executeTakeFirst()
  return spent !== undefined
}

/** Revokes the live sessions that a provider tells of: the one with this `sid` there, or all of the subject. */
export async function revokeProviderSessions(
  tx: Tx,
  { issuer, subject, sid }: { issuer: string; subject: string | undefined; sid: string | undefined },
) {
  return tx
    .updateTable('sessions')
    .set({ revoked_at: sql`now()` })
    .where('issuer', '=', issuer)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', sql<Date>`now()`)
    .$if(subject !== undefined, (query) => query.where('subject', '=', subject ?? ''))
    .$if(sid !== undefined, (query) => query.where('provider_session_id', '=', sid ?? ''))
    .returning(['id', 'user_id'])
    .execute()
}

/** Forgets states that nobody came back with and logout tokens that nobody could send again, a bounded number of each. */
export async function deleteSpent(db: Db, most: number): Promise<number> {
  const states = await sql`delete from oidc_states where state_hash in (
    select state_hash from oidc_states where expires_at < now() limit ${most})`.execute(db)
  const tokens = await sql`delete from spent_logout_tokens where (issuer, jti) in (
    select issuer, jti from spent_logout_tokens where expires_at < now() limit ${most})`.execute(db)
  return Math.max(Number(states.numAffectedRows ?? 0), Number(tokens.numAffectedRows ?? 0))
}

import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'

export async function insertPassword(tx: Tx, userId: string, hash: string): Promise<void> {
  await tx.insertInto('password_credentials').values({ user_id: userId, password_hash: hash }).execute()
}

export async function deletePassword(tx: Tx, userId: string): Promise<void> {
  await tx.deleteFrom('password_credentials').where('user_id', '=', userId).execute()
}

export async function updatePassword(tx: Tx, userId: string, hash: string): Promise<void> {
  await tx
    .updateTable('password_credentials')
    .set({ password_hash: hash, changed_at: sql`now()` })
    .where('user_id', '=', userId)
    .execute()
}

/** Whether this is still the person's hash, and the person may sign in; holds both until the end of `tx`. */
export async function lockPassword(tx: Tx, userId: string, hash: string): Promise<boolean> {
  const row = await tx
    .selectFrom('password_credentials')
    .innerJoin('users', 'users.id', 'password_credentials.user_id')
    .select('user_id')
    .where('user_id', '=', userId)
    .where('password_hash', '=', hash)
    .where('users.disabled_at', 'is', null)
    .forUpdate('password_credentials')
    .forShare('users')
    .executeTakeFirst()
  return row !== undefined
}

/** Replaces a hash by one of the same password with newer parameters. */
export async function renewPasswordHash(tx: Tx, userId: string, hash: string): Promise<void> {
  await tx
    .updateTable('password_credentials')
    .set({ password_hash: hash })
    .where('user_id', '=', userId)
    .execute()
}

export async function findPasswordHash(db: Db, userId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('password_credentials')
    .select('password_hash')
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return row?.password_hash
}

type GuessKey = { kind: string; account: string; address: string }

/**
 * Counts a guess before it is judged, so that guesses that arrive together all count. Undefined while the account is locked
 * for this address; the count starts anew after a day without guesses.
 */
export async function countGuess(
  db: Db,
  key: GuessKey,
  free: number,
  baseSeconds: number,
  mostSeconds: number,
) {
  const failures = sql<number>`case when guess_locks.updated_at < now() - interval '1 day' then 1 else guess_locks.failures + 1 end`
  const wait = sql<number>`least(${mostSeconds}::float, ${baseSeconds} * power(2, least(greatest(0, ${failures} - ${free}), 20)))`
  return db
    .insertInto('guess_locks')
    .values({ ...key, failures: 1, locked_until: sql`now()` })
    .onConflict((conflict) =>
      conflict
        .columns(['kind', 'account', 'address'])
        .doUpdateSet({
          failures,
          updated_at: sql`now()`,
          locked_until: sql`case when ${failures} < ${free} then now() else now() + make_interval(secs => ${wait}) end`,
        })
        .where('guess_locks.locked_until', '<=', sql<Date>`now()`),
    )
    .returning('failures')
    .executeTakeFirst()
}

export async function findLockSeconds(db: Db, key: GuessKey): Promise<number> {
  const row = await db
    .selectFrom('guess_locks')
    .select(sql<number>`ceil(extract(epoch from locked_until - now()))::int`.as('seconds'))
    .where((where) => where.and(key))
    .executeTakeFirst()
  return Math.max(1, row?.seconds ?? 1)
}

export async function deleteGuesses(db: Db, key: GuessKey): Promise<void> {
  await db
    .deleteFrom('guess_locks')
    .where((where) => where.and(key))
    .execute()
}

/** Forgets locks a day after the last guess, a bounded number at a time. */
export async function deleteOldGuesses(db: Db, most: number): Promise<void> {
  await sql`delete from guess_locks where (kind, account, address) in (
    select kind, account, address from guess_locks
    where updated_at < now() - interval '1 day' and locked_until < now() limit ${most})`.execute(db)
}

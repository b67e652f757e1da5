import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'

export async function listSigningKeys(db: Db) {
  return db
    .selectFrom('signing_keys')
    .selectAll()
    .where((where) =>
      where.or([
        where('retired_at', 'is', null),
        where('retired_at', '>', sql<Date>`now() - interval '1 hour'`),
      ]),
    )
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
}

type NewSigningKey = { id: string; public_jwk: string; sealed_private_jwk: Buffer }

/** Adds a key; the ones before are retired, which for an hour still lets tokens be checked with them. */
export async function insertSigningKey(tx: Tx, key: NewSigningKey): Promise<void> {
  await tx
    .updateTable('signing_keys')
    .set({ retired_at: sql`now()` })
    .where('retired_at', 'is', null)
    .execute()
  await tx
    .insertInto('signing_keys')
    .values({ ...key, public_jwk: sql`${key.public_jwk}::jsonb` })
    .execute()
}

/** Deletes keys that no token can have been signed with since a day, so that none is sealed anew for ever. */
export async function deleteRetiredSigningKeys(db: Db): Promise<void> {
  await db.deleteFrom('signing_keys').where('retired_at', '<', sql<Date>`now() - interval '1 day'`).execute()
}

/** One maker of keys at a time, across replicas. */
export async function lockSigningKeys(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('silver_auth.signing_keys'))`.execute(tx)
}

export async function isSigningKeyDue(tx: Tx, days: number): Promise<boolean> {
  const row = await tx
    .selectFrom('signing_keys')
    .select('id')
    .where('retired_at', 'is', null)
    .where('created_at', '>', sql<Date>`now() - make_interval(days => ${days})`)
    .executeTakeFirst()
  return row === undefined
}

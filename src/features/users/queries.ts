import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'

type NewUser = { id: string; email: string; display_name: string | null; isEmailVerified: boolean }

/** Undefined when the address is taken. */
export async function insertUser(tx: Tx, { isEmailVerified, ...user }: NewUser) {
  return tx
    .insertInto('users')
    .values({ ...user, email_verified_at: isEmailVerified ? sql`now()` : null })
    .onConflict((conflict) => conflict.column('email').doNothing())
    .returningAll()
    .executeTakeFirst()
}

export async function findUser(db: Db, id: string) {
  return db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function lockUser(tx: Tx, id: string) {
  return tx.selectFrom('users').selectAll().where('id', '=', id).forUpdate().executeTakeFirstOrThrow()
}

/** A person whose address and right to sign in stay what they are until the end of `tx`. */
export async function findHeldUser(tx: Tx, id: string) {
  return tx.selectFrom('users').selectAll().where('id', '=', id).forShare().executeTakeFirst()
}

export async function lockUserIfAny(tx: Tx, id: string) {
  return tx.selectFrom('users').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

export async function updateDisabled(tx: Tx, id: string, isDisabled: boolean) {
  return tx
    .updateTable('users')
    .set({ disabled_at: isDisabled ? sql`now()` : null, updated_at: sql`now()` })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function lockUserByEmail(tx: Tx, email: string) {
  return tx.selectFrom('users').selectAll().where('email', '=', email).forUpdate().executeTakeFirst()
}

export async function updateEmail(tx: Tx, id: string, email: string) {
  return tx
    .updateTable('users')
    .set({ email, email_verified_at: null, updated_at: sql`now()` })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Undefined when it is another address, or was verified before. */
export async function verifyEmail(tx: Tx, id: string, email: string) {
  return tx
    .updateTable('users')
    .set({ email_verified_at: sql`now()`, updated_at: sql`now()` })
    .where('id', '=', id)
    .where('email', '=', email)
    .where('email_verified_at', 'is', null)
    .returningAll()
    .executeTakeFirst()
}

export type ProfileFields = {
  display_name?: string | null
  job_title?: string | null
  phone_number?: string | null
  bio?: string | null
  preferences?: Record<string, unknown>
}

export async function updateProfile(tx: Tx, id: string, fields: ProfileFields) {
  return tx
    .updateTable('users')
    .set({ ...fields, updated_at: sql`now()` })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** The account of an address with what signing in needs. */
export async function findAccount(db: Db, email: string) {
  return db
    .selectFrom('users')
    .leftJoin('password_credentials', 'password_credentials.user_id', 'users.id')
    .select([
      'users.id',
      'users.disabled_at',
      'users.email_verified_at',
      'password_credentials.password_hash',
    ])
    .where('users.email', '=', email)
    .executeTakeFirst()
}

import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'

type NewUser = { id: string; email: string; display_name: string | null }

/** Undefined when the address is taken. */
export async function insertUser(tx: Tx, user: NewUser) {
  return tx
    .insertInto('users')
    .values(user)
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
    .select(['users.id', 'users.disabled_at', 'password_credentials.password_hash'])
    .where('users.email', '=', email)
    .executeTakeFirst()
}

import type { SignedInUser } from '../../actors.ts'
import type { RecordEntry } from '../../change/actions.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Db, Tx } from '../../db/database.ts'
import { AppError, notFound } from '../../errors.ts'
import { changedFrom } from '../../lib/changed-from.ts'
import { newId } from '../../lib/ids.ts'
import { randomLetters } from '../../lib/secrets.ts'
import {
  findAccount,
  findHeldUser,
  findUser,
  insertUser,
  lockUser,
  lockUserByEmail,
  type ProfileFields,
  updateEmail,
  updateProfile,
  verifyEmail,
} from './queries.ts'

export type User = NonNullable<Awaited<ReturnType<typeof findUser>>>

/** A person as events tell of them. */
export const eventData = (user: User) => ({
  id: user.id,
  email: user.email,
  emailVerified: user.email_verified_at !== null,
  name: user.display_name,
  disabled: user.disabled_at !== null,
})

/** Adds a person inside a transaction; a taken address is `409 conflict`. Organizations they join in it hear of them. */
export async function addUser(
  tx: Tx,
  record: RecordEntry,
  input: { email: string; displayName: string | null; isEmailVerified?: boolean },
): Promise<User> {
  const { email, displayName, isEmailVerified = false } = input
  const user = await insertUser(tx, { id: newId('usr'), email, display_name: displayName, isEmailVerified })
  if (!user) {
    throw new AppError('conflict', 'There is an account with this e-mail address already.', {
      details: [{ path: 'email', message: 'is taken' }],
    })
  }
  record('user.created', { userId: user.id, target: user.id, data: eventData(user) })
  return user
}

/** Whoever has this address, kept from changing until the end of `tx`; undefined when it is free. */
export const holdUserByEmail = (tx: Tx, email: string): Promise<User | undefined> =>
  lockUserByEmail(tx, email)

/** A person who may sign in, kept from being disabled and from getting another address until the end of `tx`. */
export async function holdUser(tx: Tx, id: string): Promise<User> {
  const user = await findHeldUser(tx, id)
  if (!user || user.disabled_at) throw new AppError('authentication_required', 'Sign in first.')
  return user
}

/** Notes that somebody who proved this address is the person who has it here; any other address says nothing. */
export async function confirmEmail(
  tx: Tx,
  record: RecordEntry,
  id: string,
  email: string | undefined,
): Promise<void> {
  const user = email && (await verifyEmail(tx, id, email))
  if (!user) return
  const previous = { emailVerified: false }
  record('user.updated', { userId: id, target: id, data: eventData(user), previous })
}

/** Takes an address away from an account that never proved it; what the account has instead nobody can use. */
export async function displaceEmail(tx: Tx, record: RecordEntry, user: User): Promise<void> {
  const after = await updateEmail(tx, user.id, `displaced-${randomLetters(24)}@displaced.invalid`)
  const previous = changedFrom(eventData(user), eventData(after))
  record('user.updated', { userId: user.id, target: user.id, data: eventData(after), previous })
  record('auth.email.taken_over', { userId: user.id, target: user.id, details: { email: user.email } })
}

export async function getUser(db: Db, id: string): Promise<User> {
  const user = await findUser(db, id)
  if (!user) throw notFound('user')
  return user
}

export const getOwnProfile = (ctx: Context, user: SignedInUser) => getUser(ctx.db, user.userId)

/** What signing in needs to know of an address; undefined when nobody has it. */
export const findAccountByEmail = (ctx: Context, email: string) => findAccount(ctx.db, email)

/** Changes the given fields of the caller's profile. */
export async function changeProfile(ctx: Context, user: SignedInUser, fields: ProfileFields): Promise<User> {
  return change(ctx, user, async (tx, record) => {
    const before = await lockUser(tx, user.userId)
    const after = await updateProfile(tx, user.userId, fields)
    const data = eventData(after)
    const previous = changedFrom(eventData(before), data)
    record('user.updated', { userId: user.userId, target: user.userId, data, previous })
    return after
  })
}

import type { SignedInUser } from '../../actors.ts'
import type { RecordEntry } from '../../change/actions.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Db, Tx } from '../../db/database.ts'
import { AppError, notFound } from '../../errors.ts'
import { changedFrom } from '../../lib/changed-from.ts'
import { newId } from '../../lib/ids.ts'
import { findAccount, findUser, insertUser, lockUser, type ProfileFields, updateProfile } from './queries.ts'

export type User = NonNullable<Awaited<ReturnType<typeof findUser>>>

const eventData = (user: User) => ({
  id: user.id,
  email: user.email,
  emailVerified: user.email_verified_at !== null,
  name: user.display_name,
})

/** Adds a person inside a transaction; a taken address is `409 conflict`. Organizations they join in it hear of them. */
export async function addUser(
  tx: Tx,
  record: RecordEntry,
  input: { email: string; displayName: string | null },
): Promise<User> {
  const user = await insertUser(tx, { id: newId('usr'), email: input.email, display_name: input.displayName })
  if (!user) {
    throw new AppError('conflict', 'There is an account with this e-mail address already.', {
      details: [{ path: 'email', message: 'is taken' }],
    })
  }
  record('user.created', { userId: user.id, target: user.id, data: eventData(user) })
  return user
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

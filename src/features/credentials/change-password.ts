import type { SignedInUser } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { AppError, invalidInput } from '../../errors.ts'
import { endSessions } from '../sessions/sessions.ts'
import { guarded } from './guesses.ts'
import { hashPassword, refuseCommonPassword, verifyPassword } from './password.ts'
import { findPasswordHash, lockPassword, updatePassword } from './queries.ts'

/** The stored hash of the signed-in person's password if this is it; guesses are limited per person, wherever they come from. */
export async function proveOwnPassword(
  ctx: Context,
  user: SignedInUser,
  password: string,
): Promise<string | undefined> {
  const hash = await findPasswordHash(ctx.db, user.userId)
  const guess = { kind: 'reauthenticate', account: user.userId, address: '' } as const
  return (await guarded(ctx, guess, () => verifyPassword(ctx, hash, password))) ? hash : undefined
}

/** Replaces the caller's password and, where asked, ends every other session. Wants a sign-in of the last 30 minutes. */
export async function changePassword(
  ctx: Context,
  user: SignedInUser,
  input: { currentPassword: string; newPassword: string; signOutOthers: boolean },
): Promise<void> {
  if (!user.recentlyAuthenticated) {
    throw new AppError('reauthentication_required', 'Enter your password again before you change it.')
  }
  refuseCommonPassword('new_password', input.newPassword)
  const wrong = invalidInput('current_password', 'is not your password')
  const current = await proveOwnPassword(ctx, user, input.currentPassword)
  if (current === undefined) throw wrong
  const hash = await hashPassword(ctx, input.newPassword)
  await change(ctx, user, async (tx, record) => {
    // Of two changes at once the second was proven by a password that is none any more.
    if (!(await lockPassword(tx, user.userId, current))) throw wrong
    await updatePassword(tx, user.userId, hash)
    if (input.signOutOthers) {
      await endSessions(tx, record, user.userId, { except: user.sessionId, reason: 'password_changed' })
    }
    record('auth.password.changed', { userId: user.userId, target: user.userId })
  })
}

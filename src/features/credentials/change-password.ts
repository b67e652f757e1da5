import type { SignedInUser } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { AppError, invalidInput } from '../../errors.ts'
import { endSessions } from '../sessions/sessions.ts'
import { guarded } from './guesses.ts'
import { hashPassword, refuseCommonPassword, verifyPassword } from './password.ts'
import { findPasswordHash, updatePassword } from './queries.ts'

/** Whether this is the signed-in person's password; guesses are limited per person, wherever they come from. */
export async function isOwnPassword(ctx: Context, user: SignedInUser, password: string): Promise<boolean> {
  const hash = await findPasswordHash(ctx.db, user.userId)
  const guess = { kind: 'reauthenticate', account: user.userId, address: '' } as const
  return guarded(ctx, guess, () => verifyPassword(ctx, hash, password))
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
  if (!(await isOwnPassword(ctx, user, input.currentPassword)))
    throw invalidInput('current_password', 'is not your password')
  const hash = await hashPassword(ctx, input.newPassword)
  await change(ctx, user, async (tx, record) => {
    await updatePassword(tx, user.userId, hash)
    if (input.signOutOthers) {
      await endSessions(tx, record, user.userId, { except: user.sessionId, reason: 'password_changed' })
    }
    record('auth.password.changed', { userId: user.userId, target: user.userId })
  })
}

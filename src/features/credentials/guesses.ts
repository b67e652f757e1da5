import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { countGuess, deleteGuesses, findLockSeconds } from './queries.ts'

/** What is guessed at: an account's password from one network, or a signed-in person's own password. */
export type Guess = { kind: 'sign_in' | 'reauthenticate'; account: string; address: string }

const freeGuesses = 5
const firstLockSeconds = 15
const longestLockSeconds = 15 * 60

/**
 * Judges a guess within its budget: five in a row are free, then each failure locks this account for this address twice as
 * long as the one before (15 s up to 15 min). Success forgets them. Throws `429 rate_limited` while locked.
 */
export async function guarded(ctx: Context, guess: Guess, isRight: () => Promise<boolean>): Promise<boolean> {
  if (!(await countGuess(ctx.db, guess, freeGuesses, firstLockSeconds, longestLockSeconds))) {
    throw new AppError(
      'rate_limited',
      'Too many attempts for this account from here. Wait, then try again.',
      {
        retryAfterSeconds: await findLockSeconds(ctx.db, guess),
      },
    )
  }
  const right = await isRight()
  if (right) await deleteGuesses(ctx.db, guess)
  return right
}

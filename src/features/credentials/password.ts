import argon2 from 'argon2'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { invalidInput } from '../../errors.ts'
import { isCommonPassword } from './common-passwords.ts'

// OWASP's first choice for Argon2id; a stored hash with other parameters is renewed at the next sign-in.
const parameters = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

// The hash of nothing anyone knows: where there is no account the same work is done against it.
const nobodysHash =
  '$argon2id$v=19$m=19456,t=2,p=1$c2lsdmVyLWF1dGgtbm9ib2R5$GSPbUN3xZb1xkdRRdKkgAEiQm9Uhz0vUeyqGxnIm8rM'

/** A password as it is chosen: 12 to 256 characters, nothing else is asked of it here. */
export const NewPassword = z.string().min(12).max(256).meta({ example: 'correct-horse-battery-staple' })

/** A password as it is entered to prove something. */
export const GivenPassword = z.string().min(1).max(256).meta({ example: 'correct-horse-battery-staple' })

/** Throws `400 invalid_input` for passwords that guessers try first. */
export function refuseCommonPassword(path: string, password: string): void {
  if (isCommonPassword(password))
    throw invalidInput(path, 'is one of the most common passwords; choose another')
}

const normalized = (password: string) => password.normalize('NFKC')

/** Argon2id in PHC form; waits its turn in the bounded queue. */
export async function hashPassword(ctx: Context, password: string): Promise<string> {
  return ctx.hashing.run(() => argon2.hash(normalized(password), parameters))
}

/** One Argon2 run whether there is a hash or not, so that time tells nothing. */
export async function verifyPassword(
  ctx: Context,
  hash: string | undefined,
  password: string,
): Promise<boolean> {
  const isRight = await ctx.hashing.run(() => argon2.verify(hash ?? nobodysHash, normalized(password)))
  return hash !== undefined && isRight
}

export const needsRehash = (hash: string) => argon2.needsRehash(hash, parameters)

import type { Anyone } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { clientNetwork } from '../../lib/client-network.ts'
import { sha256 } from '../../lib/secrets.ts'
import { holdPassword, provenPassword } from '../credentials/credentials.ts'
import { guarded } from '../credentials/guesses.ts'
import { verifyPassword } from '../credentials/password.ts'
import { type ReplacedSession, type StartedSession, startSession } from '../sessions/sessions.ts'
import { findAccountByEmail } from '../users/users.ts'
import { counted } from './counted.ts'
import { noteFailedSignIn } from './failed-sign-ins.ts'

/**
 * Signs a person in by password. Wrong, unknown and disabled are one answer after the same work: one look-up, one counted
 * guess, one Argon2 run.
 */
export async function signIn(
  ctx: Context,
  anyone: Anyone,
  input: Input,
  replaced: ReplacedSession | undefined,
): Promise<StartedSession> {
  return counted(ctx, 'password', () => judge(ctx, anyone, input, replaced))
}

type Input = { email: string; password: string }

async function judge(
  ctx: Context,
  anyone: Anyone,
  input: Input,
  replaced: ReplacedSession | undefined,
): Promise<StartedSession> {
  const account = await findAccountByEmail(ctx, input.email)
  const hash = account?.password_hash ?? undefined
  const guess = {
    kind: 'sign_in',
    account: accountKey(input.email),
    address: clientNetwork(anyone.request.address),
  } as const
  const isRight = await guarded(ctx, guess, async () => {
    const matches = await verifyPassword(ctx, hash, input.password)
    return matches && account?.disabled_at === null
  })
  const refuse = () => {
    noteFailedSignIn(ctx, anyone, account?.id ?? null)
    return new AppError('authentication_required', 'Email address or password is wrong.')
  }
  if (!isRight || !account || !hash) throw refuse()
  const proven = await provenPassword(ctx, account.id, hash, input.password)
  return change(ctx, anyone, async (tx, record) => {
    // Who changes the password or is disabled at this moment ends all sessions: none may begin behind it.
    if (!(await holdPassword(tx, proven))) throw refuse()
    return startSession(ctx, tx, record, anyone, { userId: account.id, authMethod: 'password', replaced })
  })
}

/** Addresses that nobody has are counted too, so they are kept as hashes. */
const accountKey = (email: string) => sha256(email).toString('base64url')

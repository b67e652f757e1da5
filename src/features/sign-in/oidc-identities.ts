import type { Anyone, SignedInUser } from '../../actors.ts'
import type { RecordEntry } from '../../change/actions.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/database.ts'
import { AppError } from '../../errors.ts'
import { removePassword } from '../credentials/credentials.ts'
import { foundOrganization } from '../organizations/organizations.ts'
import { dropPlatformGrant } from '../platform/platform-admins.ts'
import {
  endSessions,
  type ProviderSignIn,
  type ReplacedSession,
  type StartedSession,
  startSession,
  stepUpSession,
} from '../sessions/sessions.ts'
import { addUser, confirmEmail, displaceEmail, holdUserByEmail } from '../users/users.ts'
import type { ProvenIdentity } from './oidc-claims.ts'
import { findPersonOf, findProviderOf, insertIdentity, lockIdentity } from './queries.ts'
import { SignInRefused } from './sign-in-refused.ts'

type Proven = ProvenIdentity & ProviderSignIn

/** Begins a session for the person of this identity; one who was never here is made first, in the same transaction. */
export async function signInAs(
  ctx: Context,
  anyone: Anyone,
  proven: Proven,
  replaced: ReplacedSession | undefined,
): Promise<StartedSession> {
  return change(ctx, anyone, async (tx, record) => {
    await lockIdentity(tx, proven)
    const known = await findPersonOf(tx, proven)
    if (known?.disabled_at) throw new SignInRefused('account_disabled', 'the account is disabled', known.id)
    if (known && proven.isEmailVerified) await confirmEmail(tx, record, known.id, proven.email)
    const userId = known?.id ?? (await addPerson(tx, record, proven))
    return startSession(ctx, tx, record, anyone, {
      userId,
      authMethod: 'oidc',
      provider: signInOf(proven),
      replaced,
    })
  })
}

/** Renews the session of somebody who proved to be the same person again. */
export async function stepUpAs(ctx: Context, user: SignedInUser, proven: Proven): Promise<string> {
  const before = await findProviderOf(ctx.db, user.sessionId)
  const isSameSubject = !before || (before.issuer === proven.issuer && before.subject === proven.subject)
  const person = isSameSubject ? await findPersonOf(ctx.db, proven) : undefined
  if (person?.id !== user.userId)
    throw new SignInRefused('other_account', 'another person came back from the step-up', user.userId)
  return (await stepUpSession(ctx, user, signInOf(proven))).token
}

const signInOf = ({
  issuer,
  subject,
  sid,
  idToken,
  authTime,
  hasMfa,
  isPlatformAdmin,
}: Proven): ProviderSignIn => ({
  issuer,
  subject,
  sid,
  idToken,
  authTime,
  hasMfa,
  isPlatformAdmin,
})

/** User, identity, workspace, owner membership and Free subscription; who is to administer the platform has no workspace. */
async function addPerson(tx: Tx, record: RecordEntry, proven: Proven): Promise<string> {
  const { issuer, subject, email, isEmailVerified, name, isInAdminGroup } = proven
  if (email === undefined)
    throw new SignInRefused('email_missing', 'the provider told no usable e-mail address')
  await freeAddress(tx, record, email, isEmailVerified)
  const user = await addUser(tx, record, { email, displayName: name ?? null, isEmailVerified }).catch(
    (error) => {
      // Somebody else took the address between the look and the insert.
      throw error instanceof AppError && error.code === 'conflict' ? inUse() : error
    },
  )
  await insertIdentity(tx, { issuer, subject, user_id: user.id })
  record('auth.identity.linked', { userId: user.id, target: user.id, details: { issuer, subject } })
  if (!isInAdminGroup) {
    const workspace = { name: name ?? email.slice(0, email.indexOf('@')) }
    await foundOrganization(tx, record, user.id, workspace)
  }
  return user.id
}

const inUse = () => new SignInRefused('email_in_use', 'the address belongs to another account')

/** An address goes to who proved it: an account that never did loses it, and what was opened with it ends. */
async function freeAddress(tx: Tx, record: RecordEntry, email: string, isVerified: boolean): Promise<void> {
  const holder = await holdUserByEmail(tx, email)
  if (!holder) return
  if (!isVerified || holder.email_verified_at !== null) throw inUse()
  await displaceEmail(tx, record, holder)
  await removePassword(tx, holder.id)
  await dropPlatformGrant(tx, holder.id)
  await endSessions(tx, record, holder.id, { reason: 'email_taken_over' })
}

import type { Anyone, SignedInUser } from '../../actors.ts'
import type { RecordEntry } from '../../change/actions.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/database.ts'
import { AppError, type ErrorCode } from '../../errors.ts'
import { addPassword } from '../credentials/credentials.ts'
import { hashPassword, refuseCommonPassword } from '../credentials/password.ts'
import { addMember } from '../members/add-member.ts'
import { workIn } from '../sessions/active-organization.ts'
import { getSessionView, type SessionView } from '../sessions/session-view.ts'
import { type ReplacedSession, type StartedSession, startSession } from '../sessions/sessions.ts'
import { refuseInactive, takePlace } from '../subscriptions/subscriptions.ts'
import { addUser, holdUser, type User } from '../users/users.ts'
import { invitationEventData } from './invitations.ts'
import {
  endedAs,
  holdOpened,
  type OpenedInvitation,
  openInvitation,
  refuseUnlessFor,
  refuseUnlessOpen,
} from './opened.ts'
import { isMember, spendInvitation } from './queries.ts'

/** The session in which somebody has joined, and by what. */
export type Joined = { view: SessionView; invitation: OpenedInvitation }

/** Makes the signed-in person a member, and the organization the one they work in; otherwise nothing is spent. */
export async function acceptInvitation(ctx: Context, user: SignedInUser, token: string): Promise<Joined> {
  return change(ctx, user, async (tx, record) => {
    const held = await holdOpened(tx, token)
    await admit(ctx, tx, record, held, await holdUser(tx, user.userId))
    await workIn(tx, user, held.invitation.organization_id)
    return { view: await getSessionView(tx, user.sessionId), invitation: held.invitation }
  })
}

export type NewPerson = { token: string; email: string; password: string; displayName: string | null }

/**
 * Signs a person up as a member, with no organization of their own. Their address is as unproven as after any sign-up, so an
 * invitation that names one cannot be accepted this way.
 */
export async function acceptAsNewPerson(
  ctx: Context,
  anyone: Anyone,
  { token, email, password, displayName }: NewPerson,
  replaced: ReplacedSession | undefined,
): Promise<Joined & StartedSession> {
  refuseCommonPassword('password', password)
  // A token that opens nothing does not get to cost a hash.
  const opened = await openInvitation(ctx.db, token)
  refuseUnlessOpen(opened.standing)
  if (opened.email !== null)
    throw new AppError(
      'forbidden',
      'This invitation is for one e-mail address. Sign in to an account that has verified it.',
    )
  const hash = await hashPassword(ctx, password)
  return change(ctx, anyone, async (tx, record) => {
    const held = await holdOpened(tx, token)
    const user = await addUser(tx, record, { email, displayName })
    await addPassword(tx, user.id, hash)
    await admit(ctx, tx, record, held, user)
    const person = { userId: user.id, authMethod: 'password' as const, replaced }
    const started = await startSession(ctx, tx, record, anyone, person)
    return { ...started, invitation: held.invitation }
  })
}

/** What the organization pays for is nothing to tell to who is no member yet. */
async function withoutFigures(ask: () => Promise<void>): Promise<void> {
  try {
    await ask()
  } catch (error) {
    const words = error instanceof AppError ? refusals[error.code] : undefined
    throw words && error instanceof AppError ? new AppError(error.code, words, { cause: error }) : error
  }
}

const refusals: Partial<Record<ErrorCode, string>> = {
  subscription_inactive: 'This organization takes in nobody at the moment. Ask who invited you.',
  subscription_limit_exceeded: 'This organization has no place left. Ask who invited you.',
}

type Held = Awaited<ReturnType<typeof holdOpened>>

async function admit(
  ctx: Context,
  tx: Tx,
  record: RecordEntry,
  { invitation, subscription }: Held,
  person: User,
): Promise<void> {
  const { organization_id: organizationId, role } = invitation
  if (await isMember(tx, organizationId, person.id))
    throw new AppError('conflict', `You are a member of ${invitation.organization_name} already.`)
  refuseUnlessOpen(invitation.standing)
  refuseUnlessFor(invitation, person)
  await withoutFigures(async () => {
    // One for a single person has had its place since it was made.
    if (invitation.max_uses === 1) refuseInactive(subscription)
    else await takePlace(ctx, tx, record, { organizationId }, 'users')
  })
  const spent = await spendInvitation(tx, invitation)
  // Of what can end it only a revocation and the time do not wait for the subscription.
  if (!spent) throw endedAs('revoked')
  const userId = person.id
  await addMember(tx, record, { organizationId, userId, role })
  const data = { ...invitationEventData(spent, spent.status), userId }
  record('invitation.accepted', { organizationId, target: spent.id, data })
}

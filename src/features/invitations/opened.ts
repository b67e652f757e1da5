import type { Context } from '../../context.ts'
import type { Db, Tx } from '../../db/database.ts'
import type { InvitationStatus } from '../../db/invitation-tables.ts'
import { AppError, notFound } from '../../errors.ts'
import { holdSubscription } from '../subscriptions/subscriptions.ts'
import { getUser, type User } from '../users/users.ts'
import { mayInvite } from './invitations.ts'
import { findInvitationByToken, findRole, isMember } from './queries.ts'
import { invitationTokenHash } from './tokens.ts'

type Row = NonNullable<Awaited<ReturnType<typeof findInvitationByToken>>>

/** An invitation as the holder of its link meets it: judged anew, with who vouches for it, at this moment. */
export type OpenedInvitation = Row & { standing: InvitationStatus }

/** The invitation that a token opens, whatever has become of it; throws `404 not_found` for any other token. */
export async function openInvitation(db: Db, token: string): Promise<OpenedInvitation> {
  const hash = invitationTokenHash(token)
  const row = hash && (await findInvitationByToken(db, hash))
  if (!row) throw notFound('invitation')
  const isVouchedFor = row.status_now !== 'pending' || (await mayBeGivenBy(db, row))
  return { ...row, standing: isVouchedFor ? row.status_now : 'revoked' }
}

/** Whether the inviter could make the invitation today: it is worth as much as they may give now, not as much as they could then. */
async function mayBeGivenBy(db: Db, { organization_id, invited_by, role }: Row): Promise<boolean> {
  const inviterRole = invited_by === null ? undefined : await findRole(db, organization_id, invited_by)
  return inviterRole !== undefined && mayInvite(inviterRole, role)
}

/** The same inside a transaction that holds the subscription: who renews invitations or changes roles waits until its end. */
export async function holdOpened(tx: Tx, token: string) {
  const { organization_id: organizationId } = await openInvitation(tx, token)
  const subscription = await holdSubscription(tx, { organizationId })
  return { subscription, invitation: await openInvitation(tx, token) }
}

const endings = {
  accepted: 'was used already',
  revoked: 'was withdrawn',
  expired: 'has expired',
} as const

/** `409 conflict` for an invitation that opens nothing any more; `details` says why. */
export function endedAs(ending: keyof typeof endings): AppError {
  const message = endings[ending]
  const details = [{ path: 'token', message }]
  return new AppError('conflict', `This invitation ${message}. Ask for a new one.`, { details })
}

export function refuseUnlessOpen(standing: InvitationStatus): void {
  if (standing !== 'pending') throw endedAs(standing)
}

/**
 * Whether a person is the one that an invitation is for. The link alone proves no address: it is handed over by people, not
 * mailed, so only an address that was verified otherwise counts.
 */
function fitOf({ email }: { email: string | null }, person: User): 'fits' | 'unverified' | 'other' {
  if (email === null) return 'fits'
  if (person.email !== email) return 'other'
  return person.email_verified_at === null ? 'unverified' : 'fits'
}

/** The same for who looks at it, or that they are a member already. */
export async function judgeVisitor(ctx: Context, invitation: OpenedInvitation, userId: string) {
  const person = await getUser(ctx.db, userId)
  const belongs = await isMember(ctx.db, invitation.organization_id, userId)
  return { email: person.email, fit: belongs ? ('member' as const) : fitOf(invitation, person) }
}

/** Throws `403 forbidden` for who is not the one that it is for. */
export function refuseUnlessFor(invitation: { email: string | null }, person: User): void {
  const fit = fitOf(invitation, person)
  if (fit === 'unverified')
    throw new AppError('forbidden', 'Verify your e-mail address first: this invitation is for it alone.')
  if (fit === 'other')
    throw new AppError('forbidden', 'This invitation is for another e-mail address than yours.')
}

import type { MemberWho } from '../../actors.ts'
import type { RecordEntry } from '../../change/actions.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Db, Tx } from '../../db/database.ts'
import type { InvitationStatus } from '../../db/invitation-tables.ts'
import { AppError, notFound } from '../../errors.ts'
import { isId, newId } from '../../lib/ids.ts'
import { type Page, readPage } from '../../lib/pages.ts'
import { type Role, roleCovers, roleMay } from '../../roles.ts'
import { holdSubscription, refuseInactive, takePlace } from '../subscriptions/subscriptions.ts'
import {
  countPending,
  expireInvitationsFor,
  findInvitation,
  findRole,
  insertInvitation,
  isMemberAddress,
  listInvitationsOf,
  lockInvitation,
} from './queries.ts'
import { invitationUrl, newInvitationToken } from './tokens.ts'

export type Invitation = NonNullable<Awaited<ReturnType<typeof findInvitation>>>

export type NewInvitation = { role: Role; email: string | null; expiresInDays: number; maxUses: number }

/** Who makes, renews and ends invitations. */
export type Inviter = MemberWho<'members.invite'>

type EventRow = Pick<Invitation, 'id' | 'role' | 'email' | 'max_uses' | 'uses' | 'expires_at' | 'created_at'>

/** What events tell of an invitation: its facts, never its token. */
export const invitationEventData = (row: EventRow, status: InvitationStatus) => ({
  id: row.id,
  role: row.role,
  email: row.email,
  status,
  maxUses: row.max_uses,
  uses: row.uses,
  expiresAt: row.expires_at,
  createdAt: row.created_at,
})

// They end with their inviter's role, in one transaction that tells of each.
const mostPending = 1_000

/** Makes a link by which others join, shown here and never again. One for a single person takes its place of the plan at once. */
export async function createInvitation(ctx: Context, inviter: Inviter, input: NewInvitation) {
  const { role, email, maxUses, expiresInDays } = input
  const { organizationId, userId } = inviter
  const { token, token_hash } = newInvitationToken()
  return change(ctx, inviter, async (tx, record) => {
    await holdSubscription(tx, inviter)
    await refuseToGrant(tx, inviter, role)
    await holdPlace(ctx, tx, record, organizationId, maxUses)
    if ((await countPending(tx, organizationId, mostPending)) === mostPending)
      throw new AppError(
        'conflict',
        `There are ${mostPending} open invitations. Revoke some, or use a link for several.`,
      )
    if (email !== null) await refuseTakenAddress(tx, organizationId, email)
    const id = newId('inv')
    const row = { id, organization_id: organizationId, role, email, token_hash, max_uses: maxUses }
    if (!(await insertInvitation(tx, { ...row, invited_by: userId }, expiresInDays))) throw invitedAlready()
    const invitation = await getRow(tx, organizationId, id)
    const data = invitationEventData(invitation, invitation.status_now)
    record('invitation.created', { organizationId, target: id, data })
    return { invitation, url: invitationUrl(ctx.config, token) }
  })
}

/** Invitations of the member's organization, newest first, of one status or all. */
export async function listInvitations(
  ctx: Context,
  { organizationId }: Inviter,
  status: InvitationStatus | undefined,
  page: Page,
) {
  return readPage(ctx, `invitations ${organizationId} ${status ?? ''}`, page, (keyset) =>
    listInvitationsOf(ctx.db, organizationId, status, keyset),
  )
}

/** An invitation of this organization; throws `404 not_found`. */
export async function getRow(db: Db, organizationId: string, id: string): Promise<Invitation> {
  return known(isId('inv', id) ? await findInvitation(db, organizationId, id) : undefined)
}

/** The same, locked. */
export async function getLocked(tx: Tx, organizationId: string, id: string): Promise<Invitation> {
  return known(isId('inv', id) ? await lockInvitation(tx, organizationId, id) : undefined)
}

function known(row: Invitation | undefined): Invitation {
  if (!row) throw notFound('invitation')
  return row
}

/** Whether a member of this role may invite others to that one: nobody grants above their own. */
export const mayInvite = (role: Role, other: Role) =>
  roleMay(role, 'members.invite') && roleCovers(role, other)

/** Throws where the role that the inviter has now does not reach, and where making an owner needs a recent sign-in. */
export async function refuseToGrant(tx: Tx, inviter: Inviter, role: Role): Promise<void> {
  const own = await findRole(tx, inviter.organizationId, inviter.userId)
  if (!own || !mayInvite(own, role))
    throw new AppError('forbidden', `Only somebody with all that ${role} may do invites to this role.`)
  if (role === 'owner' && !inviter.recentlyAuthenticated)
    throw new AppError('reauthentication_required', 'Sign in again before you invite an owner.')
}

/** Takes the place of the one person who will come; how many come by a link for several is judged when they do. */
export async function holdPlace(
  ctx: Context,
  tx: Tx,
  record: RecordEntry,
  organizationId: string,
  maxUses: number,
) {
  if (maxUses === 1) await takePlace(ctx, tx, record, { organizationId }, 'users')
  else refuseInactive(await holdSubscription(tx, { organizationId }))
}

/** Throws `409 conflict` for the address of a member; makes room where an invitation for it has expired. */
export async function refuseTakenAddress(tx: Tx, organizationId: string, email: string): Promise<void> {
  if (await isMemberAddress(tx, organizationId, email)) throw conflict('email', 'is a member already')
  await expireInvitationsFor(tx, organizationId, email)
}

export const invitedAlready = () => conflict('email', 'has an invitation already')

/** An invitation that was used up or revoked stays what it is. */
export function refuseEnded({ status_now: status }: Invitation): void {
  if (status === 'accepted' || status === 'revoked')
    throw new AppError('conflict', `This invitation was ${status} before.`)
}

const conflict = (path: string, message: string) =>
  new AppError('conflict', 'There is something of this kind already.', { details: [{ path, message }] })

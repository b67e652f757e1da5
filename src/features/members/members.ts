import type { MemberWho, OrganizationMember } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/database.ts'
import { AppError, notFound } from '../../errors.ts'
import { isId } from '../../lib/ids.ts'
import { type Page, readPage } from '../../lib/pages.ts'
import { type Permission, type Role, roleCovers, roleMay } from '../../roles.ts'
import { endInvitationsBeyond } from '../invitations/revoke.ts'
import { endProjectSessions } from '../project-sessions/project-sessions.ts'
import { holdSubscription, refuseInactive } from '../subscriptions/subscriptions.ts'
import { getMember, type Member, memberEventData } from './add-member.ts'
import { deleteMembership, hasOtherOwner, listMembersOf, lockMemberships, updateRole } from './queries.ts'

/** The members of the caller's organization, newest first. */
export async function listMembers(ctx: Context, { organizationId }: MemberWho<'members.list'>, page: Page) {
  return readPage(ctx, `members ${organizationId}`, page, (keyset) =>
    listMembersOf(ctx.db, organizationId, keyset),
  )
}

/**
 * Gives a member another role, of those that carry no more than the caller's own. Ownership is handed over this way: an owner
 * makes another, who can then do the same to the first.
 */
export async function changeRole(
  ctx: Context,
  caller: MemberWho<'members.grant'>,
  userId: string,
  role: Role,
): Promise<Member> {
  const { organizationId } = caller
  return change.silent(ctx, caller, 'the member may have this role already', async (tx, record) => {
    const { subscription, callerRole, before } = await holdMembers(tx, caller, userId)
    refuseUnlessMay(callerRole, 'members.grant')
    refuseAbove(callerRole, before.role)
    refuseAbove(callerRole, role)
    if (before.role === role) return before
    if (role === 'owner') refuseUnlessRecent(caller)
    if (!roleCovers(before.role, role)) refuseInactive(subscription)
    if (before.role === 'owner') await refuseLastOwner(tx, organizationId, userId)
    await updateRole(tx, organizationId, userId, role)
    const after = { ...before, role }
    const previous = { role: before.role }
    record('member.role_changed', { organizationId, target: userId, data: memberEventData(after), previous })
    await endInvitationsBeyond(tx, record, { organizationId, userId, role })
    return after
  })
}

/**
 * Ends a membership, somebody's or the caller's own: the organization does not exist for that person from the next request
 * on, and they are signed out of its projects.
 */
export async function removeMember(ctx: Context, caller: OrganizationMember, userId: string): Promise<void> {
  const { organizationId } = caller
  await change(ctx, caller, async (tx, record) => {
    const { callerRole, before } = await holdMembers(tx, caller, userId)
    const isLeaving = userId === caller.userId
    if (!isLeaving) {
      refuseUnlessMay(callerRole, 'members.remove')
      refuseAbove(callerRole, before.role)
    }
    if (before.role === 'owner') await refuseLastOwner(tx, organizationId, userId)
    await deleteMembership(tx, organizationId, userId)
    const reason = isLeaving ? 'left' : 'removed'
    record('member.removed', { organizationId, target: userId, data: { ...memberEventData(before), reason } })
    await endInvitationsBeyond(tx, record, { organizationId, userId, role: undefined })
    // After the membership is gone, so that none that begins beside this is left.
    await endProjectSessions(tx, record, { userId, organizationId }, `member_${reason}`)
  })
}

/**
 * Holds what decides about a member until COMMIT. Whoever adds, changes or removes members holds the subscription first, so
 * roles are judged as they are when nobody else changes any.
 */
async function holdMembers(tx: Tx, caller: OrganizationMember, userId: string) {
  if (!isId('usr', userId)) throw notFound('member')
  const { organizationId } = caller
  const subscription = await holdSubscription(tx, caller)
  const held = await lockMemberships(tx, organizationId, [caller.userId, userId])
  const own = held.find(({ user_id }) => user_id === caller.userId)
  if (!own) throw notFound('organization')
  return { subscription, callerRole: own.role, before: await getMember(tx, organizationId, userId) }
}

function refuseUnlessMay(role: Role, permission: Permission): void {
  if (!roleMay(role, permission))
    throw new AppError('admin_required', 'Only an admin or owner of this organization may do this.')
}

function refuseAbove(callerRole: Role, role: Role): void {
  if (!roleCovers(callerRole, role))
    throw new AppError('forbidden', `Only somebody with all that ${role} may do gives or takes this role.`)
}

function refuseUnlessRecent({ recentlyAuthenticated }: OrganizationMember): void {
  if (!recentlyAuthenticated)
    throw new AppError('reauthentication_required', 'Sign in again before you make somebody an owner.')
}

/** Throws `409 last_owner` where nobody else owns the organization. */
export async function refuseLastOwner(tx: Tx, organizationId: string, userId: string): Promise<void> {
  if (await hasOtherOwner(tx, organizationId, userId)) return
  throw new AppError('last_owner', 'An organization keeps an owner. Make somebody else an owner first.')
}

import type { System } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Role } from '../../roles.ts'
import { endInvitationsBeyond } from '../invitations/revoke.ts'
import { holdSubscription } from '../subscriptions/subscriptions.ts'
import { addMember, getMember, memberEventData } from './add-member.ts'
import { refuseLastOwner } from './members.ts'
import { lockMemberships, updateRole } from './queries.ts'

type Grant = { organizationId: string; userId: string; role: Role }

/**
 * Gives a person a role in an organization, whether they are a member or become one: what operators do where nobody there can.
 * Asks for no place, so that an organization whose plan is full or over is not left without an admin. False when they had it.
 */
export async function grantRole(ctx: Context, system: System, grant: Grant): Promise<boolean> {
  const { organizationId, userId, role } = grant
  return change.silent(ctx, system, 'the member may have this role already', async (tx, record) => {
    await holdSubscription(tx, grant)
    const [held] = await lockMemberships(tx, organizationId, [userId])
    if (held?.role === role) return false
    if (!held) {
      await addMember(tx, record, grant)
      return true
    }
    if (held.role === 'owner') await refuseLastOwner(tx, organizationId, userId)
    await updateRole(tx, organizationId, userId, role)
    const data = memberEventData(await getMember(tx, organizationId, userId))
    const previous = { role: held.role }
    record('member.role_changed', { organizationId, target: userId, data, previous })
    await endInvitationsBeyond(tx, record, grant)
    return true
  })
}

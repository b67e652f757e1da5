import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { isUniqueViolation } from '../../lib/unique-violation.ts'
import { holdSubscription, refuseInactive } from '../subscriptions/subscriptions.ts'
import {
  getLocked,
  getRow,
  holdPlace,
  type Inviter,
  invitedAlready,
  refuseEnded,
  refuseTakenAddress,
  refuseToGrant,
} from './invitations.ts'
import { renewInvitation } from './queries.ts'
import { invitationUrl, newInvitationToken } from './tokens.ts'

/** A new link and time for an invitation that is open or expired; the link before opens nothing. Who asks vouches for it now. */
export async function resendInvitation(ctx: Context, inviter: Inviter, id: string, expiresInDays: number) {
  const { organizationId, userId } = inviter
  const { token, token_hash } = newInvitationToken()
  return change(ctx, inviter, async (tx, record) => {
    refuseInactive(await holdSubscription(tx, inviter))
    const before = await getLocked(tx, organizationId, id)
    await refuseToGrant(tx, inviter, before.role)
    refuseEnded(before)
    const { email, max_uses, status_now: status } = before
    if (status === 'expired') await holdPlace(ctx, tx, record, organizationId, max_uses)
    if (email !== null) await refuseTakenAddress(tx, organizationId, email)
    await renewInvitation(tx, id, { token_hash, invited_by: userId }, expiresInDays).catch((error) => {
      throw isUniqueViolation(error) ? invitedAlready() : error
    })
    const invitation = await getRow(tx, organizationId, id)
    const details = { expiresAt: invitation.expires_at }
    record('invitation.resent', { organizationId, target: id, details })
    return { invitation, url: invitationUrl(ctx.config, token) }
  })
}

import type { SignedInUser } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { AppError, notFound } from '../../errors.ts'
import { holdUser } from '../users/users.ts'
import { getLocked } from './invitations.ts'
import { openInvitation, refuseUnlessFor, refuseUnlessOpen } from './opened.ts'
import { endInvitation } from './revoke.ts'

/** Ends an invitation for the one person whom it would make a member. A link for several is simply not used. */
export async function declineInvitation(ctx: Context, user: SignedInUser, token: string): Promise<void> {
  await change(ctx, user, async (tx, record) => {
    const opened = await openInvitation(tx, token)
    refuseUnlessFor(opened, await holdUser(tx, user.userId))
    if (opened.max_uses > 1)
      throw new AppError('conflict', 'This link is for several people. Who does not want to join leaves it.')
    const row = await getLocked(tx, opened.organization_id, opened.id)
    // Renewed meanwhile: this link is none any more.
    if (!row.token_hash.equals(opened.token_hash)) throw notFound('invitation')
    refuseUnlessOpen(row.status_now)
    await endInvitation(tx, record, row, 'declined')
  })
}

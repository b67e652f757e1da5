import type { RecordEntry } from '../../change/actions.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/database.ts'
import { type Role, roles } from '../../roles.ts'
import { getLocked, type Inviter, invitationEventData, mayInvite, refuseEnded } from './invitations.ts'
import { markRevoked, markRevokedBy } from './queries.ts'

type Reason = 'revoked' | 'declined' | 'inviter_lost_role'

/** Ends an invitation: its link opens nothing from now on, and its place is free. */
export async function revokeInvitation(ctx: Context, inviter: Inviter, id: string): Promise<void> {
  await change(ctx, inviter, async (tx, record) => {
    const row = await getLocked(tx, inviter.organizationId, id)
    refuseEnded(row)
    await endInvitation(tx, record, row, 'revoked')
  })
}

type Row = Parameters<typeof invitationEventData>[0] & { organization_id: string }

/** Ends an invitation that is locked, whoever wants that. */
export async function endInvitation(tx: Tx, record: RecordEntry, row: Row, reason: Reason): Promise<void> {
  await markRevoked(tx, row.id)
  recordRevoked(record, row, reason)
}

/**
 * Ends the open invitations that somebody made and may not make any more (`role` is what is left to them, undefined for who is
 * no member), inside the change that takes it. Their links would not work anyway; so they do not look as if they did.
 */
export async function endInvitationsBeyond(
  tx: Tx,
  record: RecordEntry,
  { organizationId, userId, role }: { organizationId: string; userId: string; role: Role | undefined },
): Promise<void> {
  const left = roles.filter((other) => role && mayInvite(role, other))
  for (const row of await markRevokedBy(tx, organizationId, userId, left))
    recordRevoked(record, row, 'inviter_lost_role')
}

function recordRevoked(record: RecordEntry, row: Row, reason: Reason): void {
  const data = { ...invitationEventData(row, 'revoked'), reason }
  record('invitation.revoked', { organizationId: row.organization_id, target: row.id, data })
}

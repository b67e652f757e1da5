import { z } from 'zod'
import { pageQuery, shownId, shownTime, time } from '../../http/schemas.ts'
import { roles } from '../../roles.ts'
import { EmailAddress } from '../users/email.ts'
import type { Invitation } from './invitations.ts'

export const InvitationStatus = z.enum(['pending', 'accepted', 'revoked', 'expired'])

const role = z.enum(roles).meta({ example: 'member' })

export const ShownInvitation = z
  .object({
    id: shownId('inv'),
    role,
    email: z
      .string()
      .meta({ description: 'Whom it is for; null: whoever has the link', example: 'grace@example.com' })
      .nullable(),
    status: InvitationStatus,
    maxUses: z.int().meta({ example: 1 }),
    uses: z.int().meta({ example: 0 }),
    invitedBy: z
      .object({
        id: shownId('usr'),
        email: z.string().meta({ example: 'ada@example.com' }),
        name: z.string().meta({ example: 'Ada Lovelace' }).nullable(),
      })
      .nullable(),
    createdAt: time,
    expiresAt: time,
  })
  .meta({ id: 'Invitation' })

/** What making and renewing an invitation answers, once. */
export const InvitationLink = z
  .object({
    invitation: ShownInvitation,
    url: z.string().meta({
      description: 'The link to give to whom you invite: shown in this answer only',
      example: 'https://accounts.example.com/invite/…',
    }),
  })
  .meta({ id: 'InvitationLink' })

const expiresInDays = z.int().min(1).max(30).default(7)

export const NewInvitation = z
  .strictObject({
    role,
    email: EmailAddress.optional().describe(
      'Whom it is for: it then fits only who has this address, verified',
    ),
    expiresInDays,
    maxUses: z.int().min(1).max(10_000).default(1),
  })
  .refine(({ email, maxUses }) => email === undefined || maxUses === 1, {
    path: ['maxUses'],
    message: 'must be 1 for an invitation with an address',
  })

export const Resending = z.strictObject({ expiresInDays })

export const InvitationSearch = pageQuery.extend({ status: InvitationStatus.optional() })

export const shownInvitation = (row: Invitation): z.input<typeof ShownInvitation> => ({
  id: row.id,
  role: row.role,
  email: row.email,
  status: row.status_now,
  maxUses: row.max_uses,
  uses: row.uses,
  invitedBy:
    row.invited_by === null || row.inviter_email === null
      ? null
      : { id: row.invited_by, email: row.inviter_email, name: row.inviter_name },
  createdAt: shownTime(row.created_at),
  expiresAt: shownTime(row.expires_at),
})

type Link = { invitation: Invitation; url: string }

export const shownLink = ({ invitation, url }: Link) => ({ invitation: shownInvitation(invitation), url })

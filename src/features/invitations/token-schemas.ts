import { z } from 'zod'
import { line, shownTime, time } from '../../http/schemas.ts'
import { roles } from '../../roles.ts'
import { NewPassword } from '../credentials/password.ts'
import { SessionInfo, SignedIn } from '../sessions/identity-schemas.ts'
import { EmailAddress } from '../users/email.ts'
import type { OpenedInvitation } from './opened.ts'
import { InvitationStatus } from './schemas.ts'

const example = 'kT3v9Qm1xZr7Lw0dJ6bN5aEuFiCtKxQsPyV8oHg2jRc'

/** What stands behind `/invite/` in a link; any text is taken, since what is no token is as unknown as a wrong one. */
export const InvitationToken = z.string().max(512).meta({ example })

/** What the holder of a link is told before they decide. */
export const InvitationPreview = z
  .object({
    status: InvitationStatus,
    organization_name: z.string().meta({ example: 'SEQN' }),
    organization_slug: z.string().meta({ example: 'seqn' }),
    role: z.enum(roles).meta({ example: 'member' }),
    email: z
      .string()
      .meta({ description: 'Whom it is for; null: whoever has the link', example: 'grace@example.com' })
      .nullable(),
    inviter_name: z.string().meta({ example: 'Ada Lovelace' }).nullable(),
    expires_at: time,
  })
  .meta({ id: 'InvitationPreview' })

export const shownPreview = (row: OpenedInvitation): z.input<typeof InvitationPreview> => ({
  status: row.standing,
  organization_name: row.organization_name,
  organization_slug: row.organization_slug,
  role: row.role,
  email: row.email,
  inviter_name: row.inviter_name,
  expires_at: shownTime(row.expires_at),
})

export const ByToken = z.strictObject({ token: InvitationToken })

/** A new person's account: all that a sign-up asks, but no organization. */
export const NewAccount = z.strictObject({
  email: EmailAddress,
  password: NewPassword,
  display_name: line(200).meta({ example: 'Ada Lovelace' }).nullish(),
})

/** A new person gives address and password; who is signed in gives the token alone. */
export const Acceptance = ByToken.extend({
  email: EmailAddress.nullish(),
  password: NewPassword.nullish(),
  display_name: NewAccount.shape.display_name,
})

/** Who came with an access token gets no other for it: that would let it live on and on. */
export const Accepted = z
  .object({
    status: z.literal('success'),
    ...SessionInfo.shape,
    access_token: SignedIn.shape.access_token.optional(),
    expires_in: SignedIn.shape.expires_in.optional(),
  })
  .meta({ id: 'AcceptedInvitation' })

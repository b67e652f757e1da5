import { bytes, integer, oneOf, text, time } from './columns.ts'
import type { RoleName } from './schema.ts'

export type InvitationStatus = 'pending' | 'accepted' | 'revoked' | 'expired'

/** The part of the schema that migration 0008 made. */
export const invitationTables = {
  invitations: {
    id: text.required,
    organization_id: text.required,
    role: oneOf<RoleName>().required,
    email: text.nullable,
    token_hash: bytes.required,
    status: oneOf<InvitationStatus>().defaulted,
    max_uses: integer.required,
    uses: integer.defaulted,
    invited_by: text.nullable,
    created_at: time.defaulted,
    expires_at: time.required,
  },
}

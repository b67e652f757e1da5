import { z } from 'zod'
import { shownId, shownTime, time } from '../../http/schemas.ts'
import { roles } from '../../roles.ts'
import type { Member } from './add-member.ts'

export const ShownMember = z
  .object({
    userId: shownId('usr'),
    email: z.string().meta({ example: 'ada@example.com' }),
    name: z.string().meta({ example: 'Ada Lovelace' }).nullable(),
    role: z.enum(roles),
    joinedAt: time,
    avatarUrl: z.string().meta({ example: 'https://accounts.example.com/avatars/ada.webp' }).nullable(),
    lastActiveAt: time
      .meta({ description: 'When this organization or one of its projects last saw the person' })
      .nullable(),
  })
  .meta({ id: 'Member' })

export const RoleChange = z.strictObject({ role: z.enum(roles).meta({ example: 'member' }) })

export const shownMember = (row: Member): z.input<typeof ShownMember> => ({
  userId: row.user_id,
  email: row.email,
  name: row.display_name,
  role: row.role,
  joinedAt: shownTime(row.joined_at),
  avatarUrl: null,
  lastActiveAt: shownTime(row.last_active_at),
})

import { z } from 'zod'
import { shownId, shownTime, time } from '../../http/schemas.ts'

/** A person as apps know them. */
export const ShownUser = z
  .object({
    id: shownId('usr'),
    email: z.string().meta({ example: 'ada@example.com' }),
    emailVerified: z.boolean(),
    name: z.string().meta({ example: 'Ada Lovelace' }).nullable(),
    avatarUrl: z.string().meta({ example: 'https://accounts.example.com/avatars/ada.webp' }).nullable(),
    createdAt: time,
  })
  .meta({ id: 'User' })

type UserFacts = {
  user_id: string
  email: string
  email_verified_at: Date | null
  display_name: string | null
  created_at: Date
}

export const shownUser = (row: UserFacts): z.input<typeof ShownUser> => ({
  id: row.user_id,
  email: row.email,
  emailVerified: row.email_verified_at !== null,
  name: row.display_name,
  avatarUrl: null,
  createdAt: shownTime(row.created_at),
})

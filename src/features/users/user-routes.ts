import { z } from 'zod'
import { signedInUser } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { line, lines, shownId, shownTime, time } from '../../http/schemas.ts'
import type { ProfileFields } from './queries.ts'
import { changeProfile, getOwnProfile, type User } from './users.ts'

const preferencesBytes = 8 * 1024

const Profile = z
  .object({
    user_id: shownId('usr'),
    email: z.string().meta({ example: 'ada@example.com' }),
    email_verified: z.boolean(),
    display_name: z.string().meta({ example: 'Ada Lovelace' }).nullable(),
    job_title: z.string().meta({ example: 'Engineer' }).nullable(),
    phone_number: z.string().meta({ example: '+44 20 7946 0000' }).nullable(),
    bio: z.string().meta({ example: 'Writes programs for machines to come.' }).nullable(),
    preferences: z.record(z.string(), z.unknown()).meta({ example: { theme: 'dark' } }),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Profile' })

// null counts as absent in this family; an empty text clears a field.
const ProfileChange = z.strictObject({
  display_name: line(200, 0).meta({ example: 'Ada Lovelace' }).nullish(),
  job_title: line(200, 0).meta({ example: 'Engineer' }).nullish(),
  phone_number: line(40, 0).meta({ example: '+44 20 7946 0000' }).nullish(),
  bio: lines(2_000).meta({ example: 'Writes programs for machines to come.' }).nullish(),
  preferences: z
    .record(z.string().max(100), z.unknown())
    .meta({ example: { theme: 'dark' } })
    .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= preferencesBytes, 'must not exceed 8 KiB')
    .nullish(),
})

function changedFields(body: z.output<typeof ProfileChange>): ProfileFields {
  const given = Object.entries(body).filter(([, value]) => value !== null && value !== undefined)
  return Object.fromEntries(given.map(([name, value]) => [name, value === '' ? null : value]))
}

const shownProfile = (user: User): z.input<typeof Profile> => ({
  user_id: user.id,
  email: user.email,
  email_verified: user.email_verified_at !== null,
  display_name: user.display_name,
  job_title: user.job_title,
  phone_number: user.phone_number,
  bio: user.bio,
  preferences: user.preferences,
  created_at: shownTime(user.created_at),
  updated_at: shownTime(user.updated_at),
})

export const profileRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/users/me',
    { schema: { summary: 'My profile', response: { 200: Profile } } },
    async (request) => shownProfile(await getOwnProfile(ctx, signedInUser(request))),
  )

  app.patch(
    '/v1/users/me',
    {
      config: { limit: 'mutation' },
      schema: { summary: 'Change my profile', body: ProfileChange, response: { 200: Profile } },
    },
    async (request) =>
      shownProfile(await changeProfile(ctx, signedInUser(request), changedFields(request.body))),
  )
}

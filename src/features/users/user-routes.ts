import { z } from 'zod'
import { signedInUser } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { line, lines, shownTime, time } from '../../http/schemas.ts'
import type { ProfileFields } from './queries.ts'
import { changeProfile, getOwnProfile, type User } from './users.ts'

const preferencesBytes = 8 * 1024

const Profile = z
  .object({
    user_id: z.string(),
    email: z.string(),
    email_verified: z.boolean(),
    display_name: z.string().nullable(),
    job_title: z.string().nullable(),
    phone_number: z.string().nullable(),
    bio: z.string().nullable(),
    preferences: z.record(z.string(), z.unknown()),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Profile' })

// null counts as absent in this family; an empty text clears a field.
const ProfileChange = z.strictObject({
  display_name: line(200, 0).nullish(),
  job_title: line(200, 0).nullish(),
  phone_number: line(40, 0).nullish(),
  bio: lines(2_000).nullish(),
  preferences: z
    .record(z.string().max(100), z.json())
    .refine((value) => JSON.stringify(value).length <= preferencesBytes, 'must not exceed 8 KiB')
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

import { z } from 'zod'
import { line, pageQuery, shownId, shownTime, time } from '../../http/schemas.ts'
import { roles } from '../../roles.ts'
import type { FoundOrganization } from './organizations.ts'
import type { FoundKey } from './secret-keys.ts'
import type { FoundUser } from './users.ts'

const slug = z.string().meta({ example: 'seqn-console' })
const name = z.string().meta({ example: 'SEQN Console' })

/** Where something belongs, with names for people. */
const Place = { slug, name }

export const KeySearch = pageQuery.extend({
  prefix: z
    .string()
    .regex(/^sk_live_[0-9a-z]{8}$/, 'must be sk_live_ and the eight characters behind it, never a whole key')
    .meta({ example: 'sk_live_abcd1234' })
    .describe('The part of a secret key that may be shown'),
})

export const PlatformSecretKey = z
  .object({
    id: shownId('key'),
    prefix: z.string().meta({ example: 'sk_live_abcd1234' }),
    createdAt: time,
    expiresAt: time.nullable().describe('When it ends or ended; a revoked key is shown for a month'),
    lastUsedAt: time.nullable(),
    project: z.object({ id: shownId('app'), ...Place, status: z.enum(['active', 'disabled']) }),
    organization: z.object({ id: shownId('org'), ...Place }),
  })
  .meta({ id: 'PlatformSecretKey' })

export const shownKey = (row: FoundKey): z.input<typeof PlatformSecretKey> => ({
  id: row.id,
  prefix: row.prefix,
  createdAt: shownTime(row.created_at),
  expiresAt: shownTime(row.expires_at),
  lastUsedAt: shownTime(row.last_used_at),
  project: {
    id: row.project_id,
    slug: row.project_slug,
    name: row.project_name,
    status: row.project_status,
  },
  organization: { id: row.organization_id, slug: row.organization_slug, name: row.organization_name },
})

export const OrganizationSearch = pageQuery.extend({
  query: line(200)
    .meta({ example: 'seqn' })
    .describe('An id, or the beginnings of words of name and slug')
    .optional(),
})

export const PlatformOrganization = z
  .object({
    id: shownId('org'),
    ...Place,
    subscription: z.object({
      planKey: z.string().meta({ example: 'free' }),
      status: z.string().meta({ example: 'active' }),
    }),
    createdAt: time,
    updatedAt: time,
    deletedAt: time.nullable().describe('A deleted organization is shown until it is purged'),
  })
  .meta({ id: 'PlatformOrganization' })

export const shownOrganization = (row: FoundOrganization): z.input<typeof PlatformOrganization> => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  subscription: { planKey: row.plan_key, status: row.status },
  createdAt: shownTime(row.created_at),
  updatedAt: shownTime(row.updated_at),
  deletedAt: shownTime(row.deleted_at),
})

export const UserSearch = pageQuery.extend({
  query: line(320)
    .meta({ example: 'ada@example' })
    .describe('An id, or the beginnings of words of name and e-mail address')
    .optional(),
  organization: line(100).describe('The id or slug of an organization of theirs').optional(),
})

export const PlatformUser = z
  .object({
    id: shownId('usr'),
    email: z.string().meta({ example: 'ada@example.com' }),
    emailVerified: z.boolean(),
    name: z.string().meta({ example: 'Ada Lovelace' }).nullable(),
    hasPassword: z.boolean().describe('False for people who sign in through a provider only'),
    disabledAt: time.nullable(),
    createdAt: time,
    lastActiveAt: time.nullable(),
    organizations: z.array(z.object({ id: shownId('org'), ...Place, role: z.enum(roles) })),
  })
  .meta({ id: 'PlatformUser' })

export const shownUser = (user: FoundUser): z.input<typeof PlatformUser> => ({
  id: user.id,
  email: user.email,
  emailVerified: user.email_verified_at !== null,
  name: user.display_name,
  hasPassword: user.has_password,
  disabledAt: shownTime(user.disabled_at),
  createdAt: shownTime(user.created_at),
  lastActiveAt: shownTime(user.last_active_at),
  organizations: user.organizations.map(({ id, slug, name, role }) => ({ id, slug, name, role })),
})

import { z } from 'zod'
import { pageQuery, shownId, shownTime, time } from '../../http/schemas.ts'
import type { FoundKey } from './secret-keys.ts'

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

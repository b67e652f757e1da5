import { z } from 'zod'
import { shownId, shownTime, time } from '../../http/schemas.ts'
import { roles } from '../../roles.ts'
import type { Membership } from './organizations.ts'

/** An organization as one of its members sees it. */
export const Organization = z
  .object({
    id: shownId('org'),
    slug: z.string().meta({ example: 'seqn' }),
    name: z.string().meta({ example: 'SEQN' }),
    role: z.enum(roles),
    subscription: z.object({
      planKey: z.string().meta({ example: 'free' }),
      status: z.string().meta({ example: 'active' }),
    }),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Organization' })

export const shownOrganization = (row: Membership): z.input<typeof Organization> => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  role: row.role,
  subscription: { planKey: row.plan_key, status: row.status },
  createdAt: shownTime(row.created_at),
  updatedAt: shownTime(row.updated_at),
})

import { z } from 'zod'
import { line, pageQuery, shownId, shownTime, time } from '../../http/schemas.ts'
import { canonicalAddress } from '../../lib/canonical-address.ts'
import { type IdPrefix, isId, isReference } from '../../lib/ids.ts'
import type { OrganizationSession } from './organization-sessions.ts'

export const ShownOrganizationSession = z
  .object({
    id: shownId('ses'),
    user: z.object({
      id: shownId('usr'),
      email: z.string().meta({ example: 'ada@example.com' }),
      name: z.string().meta({ example: 'Ada Lovelace' }).nullable(),
    }),
    userAgent: z.string().meta({ example: 'Mozilla/5.0' }).nullable(),
    address: z.string().meta({ example: '203.0.113.7' }),
    firstSeenAt: time,
    lastSeenAt: time,
    projects: z.array(
      z.object({
        id: shownId('app'),
        slug: z.string().meta({ example: 'seqn-console' }),
        name: z.string().meta({ example: 'SEQN Console' }),
      }),
    ),
  })
  .meta({ id: 'OrganizationSession' })

export const shownSession = (row: OrganizationSession): z.input<typeof ShownOrganizationSession> => ({
  id: row.id,
  user: { id: row.user_id, email: row.email, name: row.display_name },
  userAgent: row.user_agent,
  address: row.address,
  firstSeenAt: shownTime(row.first_seen_at),
  lastSeenAt: shownTime(row.last_seen_at),
  projects: row.projects.map(({ id, slug, name }) => ({ id, slug, name })),
})

const idOf = (prefix: IdPrefix, what: string) =>
  shownId(prefix).refine((text) => isId(prefix, text), `must be the id of ${what}`)

const moment = z.iso
  .datetime({ offset: true, abort: true })
  .meta({ example: '2026-05-12T00:00:00.000Z' })
  .transform((text) => new Date(text))

const address = z
  .string()
  .max(64)
  .meta({ example: '203.0.113.7' })
  .refine((text) => canonicalAddress(text) !== undefined, 'must be an IP address')
  .transform((text) => canonicalAddress(text) ?? text)

const filters = {
  user: idOf('usr', 'a person').optional().describe('Whose'),
  project: shownId('app')
    .refine(isReference, 'must be the id or slug of a project')
    .optional()
    .describe('Signed in to this project, by id or slug'),
  address: address.optional().describe('Last seen from this IP address'),
  device: line(200)
    .meta({ example: 'Firefox' })
    .optional()
    .describe('What the user agent contains, in whatever case'),
  from: moment.optional().describe('First seen then or later'),
  to: moment.optional().describe('First seen before'),
  activeSince: moment.optional().describe('Last seen then or later'),
  inactiveSince: moment.optional().describe('Last seen before'),
}

export const SessionSearch = pageQuery.extend(filters)

export const mostIds = 100

export const SessionRevocation = z
  .strictObject({
    sessionIds: z
      .array(idOf('ses', 'a session'))
      .min(1)
      .max(mostIds)
      .optional()
      .describe('These; one that is not live here is passed over'),
    filter: z
      .strictObject(filters)
      .optional()
      .describe('All that match but the one that asks; `{}` are all others'),
    dryRun: z.boolean().default(false).describe('Only counts'),
  })
  .refine(({ sessionIds, filter }) => (sessionIds === undefined) !== (filter === undefined), {
    path: ['filter'],
    message: 'must be given, or sessionIds, and not both',
  })
  .meta({
    example: { filter: { user: 'usr_01k9x3v7tqe4m8z2c6w5r0h1jd' }, dryRun: true },
  })

export const RevokedSessions = z
  .object({
    count: z.int().describe('How many ended, or would').meta({ example: 42 }),
    hasMore: z
      .boolean()
      .describe('Whether there are more: of a revocation ask again, a preview counts no further')
      .meta({ example: false }),
  })
  .meta({ id: 'RevokedSessions' })

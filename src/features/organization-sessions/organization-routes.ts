import { z } from 'zod'
import { memberWho } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { pageOf, pageQuery, shownId, shownTime, time } from '../../http/schemas.ts'
import {
  listOrganizationSessions,
  type OrganizationSession,
  revokeOrganizationSession,
} from './organization-sessions.ts'

const ShownOrganizationSession = z
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

const shown = (row: OrganizationSession): z.input<typeof ShownOrganizationSession> => ({
  id: row.id,
  user: { id: row.user_id, email: row.email, name: row.display_name },
  userAgent: row.user_agent,
  address: row.address,
  firstSeenAt: shownTime(row.first_seen_at),
  lastSeenAt: shownTime(row.last_seen_at),
  projects: row.projects.map(({ id, slug, name }) => ({ id, slug, name })),
})

export const organizationSessionRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/orgs/:org/sessions',
    {
      config: { permission: 'sessions.read' },
      schema: {
        summary: 'Live sessions as this organization saw them, newest first',
        params: z.object({ org: z.string() }),
        querystring: pageQuery,
        response: { 200: pageOf(ShownOrganizationSession) },
      },
    },
    async (request) => {
      const member = memberWho(request, 'sessions.read')
      const { sessions, nextCursor } = await listOrganizationSessions(ctx, member, request.query)
      return { data: sessions.map(shown), nextCursor }
    },
  )

  app.delete(
    '/v1/orgs/:org/sessions/:session',
    {
      config: { permission: 'sessions.revoke', limit: 'mutation' },
      schema: {
        summary: 'End a session in this organization and its projects',
        params: z.object({ org: z.string(), session: z.string() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const member = memberWho(request, 'sessions.revoke')
      await revokeOrganizationSession(ctx, member, request.params.session)
      return reply.code(204).send(null)
    },
  )
}

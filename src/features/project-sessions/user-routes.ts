import { z } from 'zod'
import { signedInUser } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { pageOf, pageQuery, shownId, shownTime, time } from '../../http/schemas.ts'
import {
  listOwnProjectSessions,
  type OwnProjectSession,
  revokeOwnProjectSession,
} from './project-sessions.ts'

const ShownProjectSession = z
  .object({
    id: shownId('ses'),
    project: z.object({
      id: shownId('app'),
      slug: z.string().meta({ example: 'seqn-console' }),
      name: z.string().meta({ example: 'SEQN Console' }),
    }),
    organization: z.object({
      slug: z.string().meta({ example: 'seqn' }),
      name: z.string().meta({ example: 'SEQN' }),
    }),
    address: z.string().meta({ example: '203.0.113.7' }),
    userAgent: z.string().meta({ example: 'Mozilla/5.0' }).nullable(),
    createdAt: time,
    lastSeenAt: time,
    expiresAt: time,
    isOfThisSession: z.boolean().describe('Began from the session that asks, and ends with it'),
  })
  .meta({ id: 'ProjectSession' })

const shown = (row: OwnProjectSession, sessionId: string): z.input<typeof ShownProjectSession> => ({
  id: row.id,
  project: { id: row.project_id, slug: row.project_slug, name: row.project_name },
  organization: { slug: row.organization_slug, name: row.organization_name },
  address: row.address,
  userAgent: row.user_agent,
  createdAt: shownTime(row.session_created_at),
  lastSeenAt: shownTime(row.last_seen_at),
  expiresAt: shownTime(row.expires_at),
  isOfThisSession: row.session_id === sessionId,
})

export const ownProjectSessionRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/me/project-sessions',
    {
      schema: {
        summary: 'Apps I am signed in to, newest first',
        querystring: pageQuery,
        response: { 200: pageOf(ShownProjectSession) },
      },
    },
    async (request) => {
      const user = signedInUser(request)
      const { rows, nextCursor } = await listOwnProjectSessions(ctx, user, request.query)
      return { data: rows.map((row) => shown(row, user.sessionId)), nextCursor }
    },
  )

  app.delete(
    '/v1/me/project-sessions/:projectSession',
    {
      config: { limit: 'mutation', errors: ['not_found'] },
      schema: {
        summary: 'Sign out of one app',
        params: z.object({ projectSession: z.string() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await revokeOwnProjectSession(ctx, signedInUser(request), request.params.projectSession)
      return reply.code(204).send(null)
    },
  )
}

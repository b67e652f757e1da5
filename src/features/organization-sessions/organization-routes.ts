import { z } from 'zod'
import { memberWho } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { answerOnce } from '../../http/idempotency.ts'
import { pageOf } from '../../http/schemas.ts'
import { listOrganizationSessions } from './organization-sessions.ts'
import {
  previewRevocation,
  type Revocation,
  revokeOrganizationSession,
  revokeOrganizationSessions,
} from './revocation.ts'
import {
  RevokedSessions,
  SessionRevocation,
  SessionSearch,
  ShownOrganizationSession,
  shownSession,
} from './schemas.ts'

export const organizationSessionRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/orgs/:org/sessions',
    {
      config: { permission: 'sessions.read' },
      schema: {
        summary: 'Live sessions as this organization saw them, newest first',
        params: z.object({ org: z.string() }),
        querystring: SessionSearch,
        response: { 200: pageOf(ShownOrganizationSession) },
      },
    },
    async (request) => {
      const member = memberWho(request, 'sessions.read')
      const { limit, cursor, ...filters } = request.query
      const page = { limit, cursor }
      const { sessions, nextCursor } = await listOrganizationSessions(ctx, member, filters, page)
      return { data: sessions.map(shownSession), nextCursor }
    },
  )

  app.post(
    '/v1/orgs/:org/sessions/revoke',
    {
      config: { permission: 'sessions.revoke', limit: 'mutation', isIdempotent: true },
      schema: {
        summary:
          'End several sessions in this organization, or all that match, at most 200 at once, or count them',
        params: z.object({ org: z.string() }),
        body: SessionRevocation,
        response: { 200: RevokedSessions },
      },
    },
    (request, reply) => {
      const member = memberWho(request, 'sessions.revoke')
      const { dryRun, ...revocation } = request.body
      const useCase = dryRun ? previewRevocation : revokeOrganizationSessions
      return answerOnce(ctx, request, reply, { status: 200, show: (revoked) => revoked }, () =>
        useCase(ctx, member, revocation as Revocation),
      )
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

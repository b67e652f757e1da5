import { z } from 'zod'
import { signedInUser } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { answerOnce } from '../../http/idempotency.ts'
import { line, pageOf, pageQuery, slug } from '../../http/schemas.ts'
import { createOrganization, listOrganizations } from './organizations.ts'
import { Organization, shownOrganization } from './schemas.ts'

const NewOrganization = z.strictObject({ name: line(200).meta({ example: 'SEQN' }), slug: slug.optional() })

export const myOrganizationRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/orgs',
    {
      schema: {
        summary: 'My organizations, newest first',
        querystring: pageQuery,
        response: { 200: pageOf(Organization) },
      },
    },
    async (request) => {
      const { rows, nextCursor } = await listOrganizations(ctx, signedInUser(request), request.query)
      return { data: rows.map(shownOrganization), nextCursor }
    },
  )

  app.post(
    '/v1/orgs',
    {
      config: { limit: 'mutation', isIdempotent: true, errors: ['conflict'] },
      schema: {
        summary: 'Add an organization that I own',
        body: NewOrganization,
        response: { 201: Organization },
      },
    },
    (request, reply) =>
      answerOnce(ctx, request, reply, { status: 201, show: shownOrganization }, () =>
        createOrganization(ctx, signedInUser(request), request.body),
      ),
  )
}

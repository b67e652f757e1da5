import { z } from 'zod'
import { signedInUser } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { answerOnce } from '../../http/idempotency.ts'
import { line, pageOf, pageQuery, shownId, shownTime, slug, time } from '../../http/schemas.ts'
import { roles } from '../../roles.ts'
import { createOrganization, listOrganizations, type Membership } from './organizations.ts'

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

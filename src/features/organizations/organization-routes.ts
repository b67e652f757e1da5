import { z } from 'zod'
import type { OrganizationMember } from '../../actors.ts'
import type { Context } from '../../context.ts'
import { notFound } from '../../errors.ts'
import { memberWho } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { line, slug } from '../../http/schemas.ts'
import { deleteOrganization, findMembership, renameOrganization } from './organizations.ts'
import { Organization, shownOrganization } from './schemas.ts'

const params = z.object({ org: z.string() })

async function ownView(ctx: Context, member: OrganizationMember) {
  const row = await findMembership(ctx, member, member.organizationId)
  if (!row) throw notFound('organization')
  return shownOrganization(row)
}

export const organizationRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/orgs/:org',
    {
      config: { permission: 'org.read' },
      schema: { summary: 'An organization', params, response: { 200: Organization } },
    },
    (request) => ownView(ctx, memberWho(request, 'org.read')),
  )

  app.patch(
    '/v1/orgs/:org',
    {
      config: { permission: 'org.update', limit: 'mutation', errors: ['conflict'] },
      schema: {
        summary: 'Change name or slug',
        params,
        body: z.strictObject({ name: line(200).meta({ example: 'SEQN' }).optional(), slug: slug.optional() }),
        response: { 200: Organization },
      },
    },
    async (request) => {
      const member = memberWho(request, 'org.update')
      return shownOrganization(await renameOrganization(ctx, member, request.body))
    },
  )

  app.delete(
    '/v1/orgs/:org',
    {
      config: { permission: 'org.delete', limit: 'mutation' },
      schema: {
        summary: 'Delete an organization with all it has',
        params,
        body: z.strictObject({
          confirm: z.string().max(100).meta({ description: 'The slug', example: 'seqn' }),
        }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await deleteOrganization(ctx, memberWho(request, 'org.delete'), request.body.confirm)
      return reply.code(204).send(null)
    },
  )
}

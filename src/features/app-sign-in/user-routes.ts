import { z } from 'zod'
import { signedInUser } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { pageOf, pageQuery, shownId, shownTime, time } from '../../http/schemas.ts'
import { type Grant, listGrants, revokeGrant } from './grants.ts'

const ShownGrant = z
  .object({
    project: z.object({
      id: shownId('app'),
      slug: z.string().meta({ example: 'seqn-console' }),
      name: z.string().meta({ example: 'SEQN Console' }),
    }),
    organization: z.object({
      slug: z.string().meta({ example: 'seqn' }),
      name: z.string().meta({ example: 'SEQN' }),
    }),
    createdAt: time,
  })
  .meta({ id: 'Grant' })

const shown = (row: Grant): z.input<typeof ShownGrant> => ({
  project: { id: row.id, slug: row.slug, name: row.name },
  organization: { slug: row.organization_slug, name: row.organization_name },
  createdAt: shownTime(row.created_at),
})

export const grantRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/me/grants',
    {
      schema: {
        summary: 'Apps of other organizations that I let know me, newest app first',
        querystring: pageQuery,
        response: { 200: pageOf(ShownGrant) },
      },
    },
    async (request) => {
      const { rows, nextCursor } = await listGrants(ctx, signedInUser(request), request.query)
      return { data: rows.map(shown), nextCursor }
    },
  )

  app.delete(
    '/v1/me/grants/:project',
    {
      config: { limit: 'mutation', errors: ['not_found'] },
      schema: {
        summary: 'Take back what I granted to an app; my sessions of it end',
        params: z.object({ project: z.string() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await revokeGrant(ctx, signedInUser(request), request.params.project)
      return reply.code(204).send(null)
    },
  )
}

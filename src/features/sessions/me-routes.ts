import { z } from 'zod'
import { projectUser, signedInUser } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { shownId, shownTime, time } from '../../http/schemas.ts'
import { roles } from '../../roles.ts'
import { listAllOrganizations } from '../organizations/organizations.ts'
import type { SeenProjectUser } from '../project-sessions/authenticate.ts'
import type { ProjectSession } from '../project-sessions/find.ts'
import { ShownUser, shownUser } from '../users/schemas.ts'
import { chooseActiveOrganization, viewSession } from './sessions.ts'

const Me = z
  .object({
    user: ShownUser,
    organizations: z.array(
      z.object({
        id: shownId('org'),
        slug: z.string().meta({ example: 'seqn' }),
        name: z.string().meta({ example: 'SEQN' }),
        role: z.enum(roles),
        subscription: z.object({
          planKey: z.string().meta({ example: 'free' }),
          status: z.string().meta({ example: 'active' }),
        }),
      }),
    ),
    session: z.object({
      id: shownId('ses'),
      createdAt: time,
      expiresAt: time,
      authMethod: z.string().meta({ example: 'password' }),
      aal: z.int(),
      mfaVerifiedAt: time.nullable(),
    }),
    platformAdmin: z.boolean(),
  })
  .meta({ id: 'Me' })

/** The person and the project's own organization: a project learns of no other. */
const meOfProject = (session: ProjectSession): z.input<typeof Me> => ({
  user: shownUser(session),
  organizations: session.role
    ? [
        {
          id: session.organization_id,
          slug: session.organization_slug,
          name: session.organization_name,
          role: session.role,
          subscription: { planKey: session.plan_key, status: session.status },
        },
      ]
    : [],
  session: {
    id: session.id,
    createdAt: shownTime(session.session_created_at),
    expiresAt: shownTime(session.expires_at),
    authMethod: session.auth_method,
    aal: session.aal,
    mfaVerifiedAt: shownTime(session.mfa_verified_at),
  },
  platformAdmin: false,
})

export const meRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/me',
    { config: { limit: 'me' }, schema: { summary: 'Who I am and where I belong', response: { 200: Me } } },
    async (request) => {
      if (request.actor.kind === 'project_user')
        return meOfProject((projectUser(request) as SeenProjectUser).session)
      const user = signedInUser(request)
      const view = await viewSession(ctx, user.sessionId)
      const organizations = await listAllOrganizations(ctx, user)
      return {
        user: shownUser(view),
        organizations: organizations.map((row) => ({
          id: row.id,
          slug: row.slug,
          name: row.name,
          role: row.role,
          subscription: { planKey: row.plan_key, status: row.status },
        })),
        session: {
          id: view.session_id,
          createdAt: shownTime(view.session_created_at),
          expiresAt: shownTime(view.expires_at),
          authMethod: view.auth_method,
          aal: view.aal,
          mfaVerifiedAt: shownTime(view.mfa_verified_at),
        },
        platformAdmin: view.is_platform_admin,
      }
    },
  )
}

export const activeOrganizationRoutes: Routes = (app, ctx) => {
  app.post(
    '/v1/me/active-organization',
    {
      config: { limit: 'mutation', errors: ['not_found'] },
      schema: {
        summary: 'Choose the organization that capabilities and access tokens speak of',
        body: z.strictObject({
          organizationId: z.string().max(100).meta({ example: 'org_01k9x3v7tqe4m8z2c6w5r0h1jd' }),
        }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await chooseActiveOrganization(ctx, signedInUser(request), request.body.organizationId)
      return reply.code(204).send(null)
    },
  )
}

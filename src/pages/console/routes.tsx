import { notFound } from '../../errors.ts'
import { findOpenMembership } from '../../features/organizations/organizations.ts'
import { isMfaOver, viewSession } from '../../features/sessions/sessions.ts'
import { memberWho, signedInUser } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { type Pages, pageSchema, redirect, sendPage } from '../render.ts'
import { urls } from '../urls.ts'
import { NoOrganizationPage } from './no-organization.page.tsx'
import { loadShell } from './shell.ts'

/** The way into the console: the organization that was used last. */
export const consoleEntrance =
  (pages: Pages): Routes =>
  (app, ctx) => {
    app.get('/auth/console', { schema: pageSchema }, async (request, reply) => {
      const user = signedInUser(request)
      const shell = await loadShell(ctx, pages, request, reply)
      const active =
        user.activeOrganizationId && (await findOpenMembership(ctx, user, user.activeOrganizationId))
      const slug = active ? active.slug : shell?.organizations[0]?.slug
      if (slug) return redirect(reply, urls.projects(slug))
      if (!shell) throw new Error('the console was entered without a person')
      const session = await viewSession(ctx, user.sessionId)
      const isTheirs = ctx.config.oidc?.issuer === session.issuer
      const offersStepUp = isTheirs && !session.is_platform_admin && isMfaOver(ctx, session)
      const stepUpUrl = offersStepUp ? urls.stepUp(urls.console()) : undefined
      return sendPage(ctx, reply, <NoOrganizationPage shell={shell} stepUpUrl={stepUpUrl} />)
    })

    app.get('/auth/console/*', { schema: pageSchema }, async () => {
      throw notFound('page')
    })
  }

export const organizationEntrance: Routes = (app) => {
  app.get(
    '/auth/console/:org',
    { config: { permission: 'org.read' }, schema: pageSchema },
    async (request, reply) => {
      const { org } = request.params as { org: string }
      memberWho(request, 'org.read')
      return redirect(reply, urls.projects(org))
    },
  )
}

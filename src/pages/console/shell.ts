import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../../context.ts'
import { listAllOrganizations } from '../../features/organizations/organizations.ts'
import { viewSession } from '../../features/sessions/sessions.ts'
import { planNameOf } from '../../features/subscriptions/subscriptions.ts'
import { takeFlash } from '../flash.ts'
import type { OrganizationShell, Shell } from '../layouts/console-layout.tsx'
import { type Pages, pageContext } from '../render.ts'
import { pageAddress } from '../return-address.ts'
import { urls } from '../urls.ts'

/** What surrounds a page of the console, for whoever looks; undefined when nobody is signed in. */
export async function loadShell(
  ctx: Context,
  pages: Pages,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Shell | undefined> {
  const { actor } = request
  if (actor.kind !== 'user') return undefined
  const [session, organizations] = await Promise.all([
    viewSession(ctx, actor.sessionId),
    listAllOrganizations(ctx, actor),
  ])
  const current =
    'organizationId' in actor ? organizations.find(({ id }) => id === actor.organizationId) : undefined
  return {
    context: pageContext(pages, request, 'main'),
    person: { name: session.display_name ?? '', email: session.email },
    organization: current && {
      slug: current.slug,
      name: current.name,
      planName: await planNameOf(ctx, current.plan_key),
    },
    organizations: organizations.map(({ slug, name }) => ({ slug, name })),
    address: pageAddress(ctx, request) ?? urls.console(),
    flash: takeFlash(ctx, request, reply),
  }
}

/** The same inside an organization's audience, where there is one by construction. */
export async function loadOrganizationShell(
  ...args: Parameters<typeof loadShell>
): Promise<OrganizationShell> {
  const shell = await loadShell(...args)
  if (!shell?.organization) throw new Error('a page of an organization was asked for outside of its audience')
  return { ...shell, organization: shell.organization }
}

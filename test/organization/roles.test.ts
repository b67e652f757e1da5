import { expect, it } from 'vitest'
import { permissionsOf, type Role, roleMay } from '../../src/roles.ts'
import type { Caller } from '../support/caller.ts'
import { makeInvitation } from '../support/invitations.ts'
import { type DocumentedRoute, documentedRoutes, filled } from '../support/routes.ts'
import { expectRefusal } from '../support/shapes.ts'
import { makeDelivery } from '../support/webhook-deliveries.ts'
import { makeEndpoint } from '../support/webhook-endpoints.ts'
import { type Organization, startWorld } from '../support/world.ts'

const world = startWorld()

async function guardedRoutes(): Promise<DocumentedRoute[]> {
  const routes = (await documentedRoutes(world)).filter(({ audience }) => audience === 'organization')
  // The organization itself goes last, and before it what is in it.
  return routes.sort((a, b) => b.path.length - a.path.length || a.method.localeCompare(b.method) * -1)
}

/** A request that this route carries out for whoever may: on a project of its own. */
async function request(route: DocumentedRoute, organization: Organization) {
  const project = await world.project(organization)
  const shown = await organization.owner.get(`/v1/orgs/${organization.id}/projects/${project.id}`)
  const key = shown.body.secretKeys[0].id
  const endpoint = route.path.includes('{endpoint}') ? (await makeEndpoint(organization)).id : ''
  const delivery = route.path.includes('{delivery}') ? (await makeDelivery(world, organization)).id : ''
  const invitation = route.path.includes('{invitation}') ? (await makeInvitation(organization)).id : ''
  const session = route.path.includes('{session}') ? await sessionSeenBy(organization) : ''
  const user = route.path.includes('{user}') ? (await world.member(organization, 'viewer')).id : ''
  const own = {
    org: organization.id,
    project: project.id,
    key,
    session,
    invitation,
    endpoint,
    delivery,
    user,
  }
  const path = filled(route.path, own)
  const ours: Record<string, string> = {
    slug: `s${project.slug}`,
    confirm: organization.slug,
    projectId: project.id,
  }
  const fields = Object.entries(route.example ?? {}).map(([name, value]) => [name, ours[name] ?? value])
  return { method: route.method, path, body: route.example && Object.fromEntries(fields) }
}

/** Another sign-in of the owner, which the organization has seen. */
async function sessionSeenBy({ id, owner }: Organization): Promise<string> {
  const again = await world.signIn(owner.email)
  await again.get(`/v1/orgs/${id}`)
  return (await again.get('/v1/auth/session')).body.user.session_id
}

it('declares on every route under an organization what the caller’s role must allow', async () => {
  const routes = await guardedRoutes()
  expect(routes.length).toBeGreaterThanOrEqual(10)
  for (const { name, permission } of routes) expect(permissionsOf.owner, name).toContain(permission)
})

it.each(Object.keys(permissionsOf) as Role[])(
  'carries out for a role what the table allows: %s',
  async (role) => {
    const organization = await world.organization({ plan: 'scale' })
    const caller: Caller = await world.member(organization, role)
    for (const route of await guardedRoutes()) {
      if (!route.permission) continue
      const answer = await caller.call(await request(route, organization))
      if (roleMay(role, route.permission))
        expect([route.name, answer.status]).toEqual([route.name, route.success])
      else expectRefusal(answer, route.method === 'GET' ? 'forbidden' : 'admin_required')
      if (route.name === 'PATCH /v1/orgs/{org}' && answer.status === 200) organization.slug = answer.body.slug
    }
  },
)

it.each([
  ['an outsider', 'not_found', async () => (await world.organization()).owner],
  ['nobody', 'authentication_required', async () => world.anonymous],
] as const)('does nothing for %s', async (_who, code, find) => {
  const organization = await world.organization({ plan: 'scale' })
  const caller = await find()
  for (const route of await guardedRoutes())
    expectRefusal(await caller.call(await request(route, organization)), code)
})

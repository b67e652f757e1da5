import { expect, it } from 'vitest'
import { type IdPrefix, newId } from '../../src/lib/ids.ts'
import { makeApp, signInTo } from '../support/app-sign-in.ts'
import { dump, rowsAbout } from '../support/dump.ts'
import { makeInvitation } from '../support/invitations.ts'
import { documentedRoutes, filled } from '../support/routes.ts'
import { indistinct } from '../support/shapes.ts'
import { makeEndpoint, putDelivery } from '../support/webhook-endpoints.ts'
import { type Organization, startWorld } from '../support/world.ts'

const world = startWorld()

/** What stands in a path: of which kind it is, and what a tenant has of that kind (an id, and a slug where there is one). */
const kinds: Record<string, IdPrefix> = {
  org: 'org',
  project: 'app',
  key: 'key',
  session: 'ses',
  invitation: 'inv',
  projectSession: 'ses',
  endpoint: 'whe',
  delivery: 'dlv',
  user: 'usr',
}

type Tenant = Organization & { has: Record<string, string[]> }

async function tenant(): Promise<Tenant> {
  const organization = await world.organization({ plan: 'pro' })
  const project = await world.project(organization)
  const app = await makeApp(world, organization)
  const shown = (await organization.owner.get(`/v1/orgs/${organization.id}/projects/${project.id}`)).body
  const again = await world.signIn(organization.owner.email)
  await again.get(`/v1/orgs/${organization.id}`)
  const session = (await again.get('/v1/auth/session')).body.user
  await signInTo(world, app, again)
  const endpoint = await makeEndpoint(organization)
  const projectSession = (await again.get('/v1/me/project-sessions')).body.data[0]
  return {
    ...organization,
    has: {
      org: [organization.id, organization.slug],
      project: [project.id, project.slug],
      key: [shown.secretKeys[0].id],
      session: [session.session_id],
      invitation: [(await makeInvitation(organization)).id],
      projectSession: [projectSession.id],
      endpoint: [endpoint.id],
      delivery: [await putDelivery(world, endpoint)],
      user: [(await world.member(organization, 'viewer')).id],
    },
  }
}

const unknown = () => Object.fromEntries(Object.entries(kinds).map(([name, prefix]) => [name, newId(prefix)]))
const pick = (has: Tenant['has'], at: number) =>
  Object.fromEntries(Object.entries(has).map(([name, values]) => [name, values[at] ?? values[0] ?? '']))

const rowsOf = async ({ id, owner, has }: Tenant) =>
  rowsAbout(await dump(world), [id, owner.id, owner.email, ...Object.values(has).flat()])

it('knows every kind of id that stands in a path', async () => {
  // Platform admins have no tenant: to everybody else their routes say the same of every id.
  const routes = (await documentedRoutes(world)).filter(({ audience }) => audience !== 'platform')
  const names = routes.flatMap(({ parameters }) => parameters)
  expect([...new Set(names)].sort()).toEqual(Object.keys(kinds).sort())
})

it('answers for another tenant’s ids in paths, at every level, as for unknown ones, and touches nothing', async () => {
  const mine = await tenant()
  const theirs = await tenant()
  const before = { theirs: await rowsOf(theirs), mine: await rowsOf(mine) }
  // Who runs the service is no tenant.
  const routes = (await documentedRoutes(world)).filter(
    ({ parameters, audience }) => parameters.length > 0 && audience !== 'platform',
  )
  expect(routes.length).toBeGreaterThanOrEqual(9)
  for (const { name, method, path, parameters, example } of routes) {
    for (let own = 0; own < parameters.length; own++) {
      // The first so many are mine, so that the request gets as deep as it can before it meets what is not.
      const prefix = Object.fromEntries(
        parameters.slice(0, own).map((key) => [key, mine.has[key]?.[0] ?? '']),
      )
      const send = (values: Record<string, string>) =>
        mine.owner.call({ method, path: filled(path, { ...values, ...prefix }), body: example })
      const expected = indistinct(await send(unknown()))
      expect(expected.status, name).toBe(404)
      for (const values of [pick(theirs.has, 0), pick(theirs.has, 1)]) {
        expect(indistinct(await send(values)), `${name} with ${own} of mine`).toEqual(expected)
      }
    }
  }
  expect(await rowsOf(theirs)).toEqual(before.theirs)
  expect(await rowsOf(mine)).toEqual(before.mine)
})

it('answers for another tenant’s ids in bodies as for unknown ones', async () => {
  const mine = await tenant()
  const theirs = await tenant()
  const before = await rowsOf(theirs)
  const prefixes = Object.entries(kinds)
  let tried = 0
  for (const { method, path, example = {} } of await documentedRoutes(world)) {
    for (const [field, value] of Object.entries(example)) {
      const kind = prefixes.find(([, prefix]) => String(value).startsWith(`${prefix}_`))?.[0]
      if (!kind) continue
      tried++
      const send = (id: string | undefined) =>
        mine.owner.call({ method, path: filled(path, pick(mine.has, 0)), body: { ...example, [field]: id } })
      const expected = indistinct(await send(unknown()[kind]))
      for (const id of theirs.has[kind] ?? []) expect(indistinct(await send(id))).toEqual(expected)
    }
  }
  expect(tried).toBeGreaterThanOrEqual(1)
  expect(await rowsOf(theirs)).toEqual(before)
})

it('takes no cursor of another tenant, list or filter, and tells it from no tampered one', async () => {
  const mine = await tenant()
  const theirs = await tenant()
  await world.sql("insert into memberships values ('mem_cursor', $1, $2, 'viewer')", [
    theirs.id,
    mine.owner.id,
  ])
  const lists = (await documentedRoutes(world)).filter(
    ({ method, path }) => method === 'GET' && /\/v1\/orgs$|\/projects$/.test(path),
  )
  expect(lists).toHaveLength(2)
  const pathsOf = ({ has }: Tenant) => lists.map(({ path }) => filled(path, pick(has, 0)))
  const cursorOf = async (who: Tenant, path: string) =>
    (await who.owner.get(`${path}?limit=1`)).body.nextCursor as string | null
  const [orgsPath = '', projectsPath = ''] = pathsOf(mine)
  const cursors = {
    orgs: await cursorOf(mine, orgsPath),
    projects: await cursorOf(mine, projectsPath),
    theirs: await cursorOf(theirs, pathsOf(theirs)[1] ?? ''),
  }
  const get = (path: string, cursor: string | null) =>
    mine.owner.get(`${path}?limit=1&cursor=${encodeURIComponent(cursor ?? '')}`)
  expect((await get(orgsPath, cursors.orgs)).status).toBe(200)
  expect((await get(projectsPath, cursors.projects)).status).toBe(200)
  const refused = [
    cursors.theirs,
    cursors.orgs,
    `${cursors.projects}A`,
    cursors.projects?.slice(1) ?? '',
    'x',
    '',
    theirs.id,
  ]
  const answers = await Promise.all(refused.map((cursor) => get(projectsPath, cursor)))
  for (const answer of answers) {
    expect(answer.status).toBe(400)
    expect(indistinct(answer)).toEqual(indistinct(answers[0] as (typeof answers)[0]))
  }
})

it('answers 401 to nobody, on every route that has somebody', async () => {
  const theirs = await tenant()
  const before = await rowsOf(theirs)
  const routes = (await documentedRoutes(world)).filter(({ audience }) =>
    ['user', 'me', 'organization', 'platform', 'backend'].includes(audience),
  )
  expect(routes.length).toBeGreaterThanOrEqual(20)
  for (const { name, method, path, example } of routes) {
    for (const values of [pick(theirs.has, 0), unknown()]) {
      const answer = await world.anonymous.call({ method, path: filled(path, values), body: example })
      expect(answer.status, name).toBe(401)
    }
  }
  expect(await rowsOf(theirs)).toEqual(before)
})

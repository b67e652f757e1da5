import { beforeAll, expect, it } from 'vitest'
import type { ErrorCode } from '../../src/errors.ts'
import { type Role, roleMay, roles } from '../../src/roles.ts'
import { dump } from '../support/dump.ts'
import type { Answer, Call } from '../support/http.ts'
import { sampleRequest } from '../support/route-samples.ts'
import { type DocumentedRoute, documentedRoutes, filled } from '../support/routes.ts'
import { expectRefusal } from '../support/shapes.ts'
import { join, newOrganization, newTenant } from '../support/tenants.ts'
import { type Organization, type Person, startWorld } from '../support/world.ts'

const world = startWorld()

const kinds = [...roles, 'outsider', 'platform admin', 'anonymous'] as const
type Kind = (typeof kinds)[number]
const isRole = (kind: Kind): kind is Role => (roles as string[]).includes(kind)
const isSafe = ({ method }: DocumentedRoute) => method === 'GET'

/** What a kind of caller must hear of a route by its audience and the roles table; undefined where it is carried out. */
function refusalOf(route: DocumentedRoute, kind: Kind): ErrorCode | undefined {
  const { audience, permission } = route
  switch (audience) {
    case 'public':
    case 'identity':
      return undefined
    // Whoever has a session has no key by that.
    case 'client':
      return 'invalid_publishable_key'
    case 'backend':
      return 'invalid_secret_key'
    case 'me':
    case 'user':
      return kind === 'anonymous' ? 'authentication_required' : undefined
    case 'platform':
      if (kind === 'anonymous') return 'authentication_required'
      return kind === 'platform admin' ? undefined : 'platform_admin_required'
    case 'organization':
      if (kind === 'anonymous') return 'authentication_required'
      if (!isRole(kind)) return 'not_found'
      if (!permission) throw new Error(`${route.name} declares no permission`)
      if (roleMay(kind, permission)) return undefined
      return isSafe(route) ? 'forbidden' : 'admin_required'
    default:
      throw new Error(`the audience ${audience} is new: say here what each kind of caller must hear there`)
  }
}

let founder: Person
let shared: Organization
let callers: Map<Kind, Organization>
let routes: DocumentedRoute[]

beforeAll(async () => {
  founder = (await world.organization()).owner
  shared = await newTenant(world, founder)
  callers = new Map()
  for (const kind of kinds) callers.set(kind, await newCaller(kind))
  routes = await documentedRoutes(world)
})

/** Somebody of this kind, as who owns an organization of their own. */
async function newCaller(kind: Kind): Promise<Organization> {
  const home = await newTenant(world, founder)
  if (isRole(kind)) await join(world, shared, home.owner, kind)
  if (kind === 'platform admin') {
    await world.sql('insert into platform_admins (user_id) values ($1)', [home.owner.id])
    await world.sql('update sessions set aal = 2, mfa_verified_at = now() where user_id = $1', [
      home.owner.id,
    ])
  }
  // What is first seen is written down.
  if (isRole(kind)) await home.owner.get(`/v1/orgs/${shared.id}`)
  return home
}

const sendAs = (kind: Kind, { owner }: Organization, call: Call): Promise<Answer> =>
  (kind === 'anonymous' ? world.anonymous : owner).call(call)

it('lets nobody change anything who may only read', () => {
  const changing = routes.filter((route) => route.permission && !isSafe(route))
  expect(changing.length).toBeGreaterThan(15)
  for (const { name, permission } of changing) expect(permission, name).not.toMatch(/\.(read|list)$/)
})

it('refuses everybody who may not, on every route, and changes nothing', async () => {
  const refused: { route: DocumentedRoute; call: Call; kinds: Kind[] }[] = []
  for (const route of routes) {
    const unwelcome = kinds.filter((kind) => refusalOf(route, kind))
    if (unwelcome.length > 0)
      refused.push({ route, call: await sampleRequest(world, route, shared), kinds: unwelcome })
  }
  expect(refused.length).toBeGreaterThan(40)
  const before = await dump(world)
  for (const { route, call, kinds } of refused) {
    for (const kind of kinds) {
      const answer = await sendAs(kind, callers.get(kind) as Organization, call)
      const told = [route.name, kind, answer.body?.error?.code]
      expect(told).toEqual([route.name, kind, refusalOf(route, kind)])
      expectRefusal(answer, refusalOf(route, kind) as ErrorCode)
    }
  }
  expect(await dump(world)).toEqual(before)
})

/** An organization or person of its own for each request that changes something. */
async function carryOut(route: DocumentedRoute, kind: Kind): Promise<Answer> {
  const caller = callers.get(kind) as Organization
  const isInOrganization = ['organization', 'platform'].includes(route.audience)
  if (isSafe(route)) {
    const call = await sampleRequest(world, route, isInOrganization ? shared : caller, caller.owner)
    return sendAs(kind, caller, call)
  }
  if (!isInOrganization) {
    const own = await newCaller(kind)
    return sendAs(
      kind,
      own,
      await sampleRequest(world, route, own, kind === 'anonymous' ? undefined : own.owner),
    )
  }
  const own = await newOrganization(world, founder)
  if (isRole(kind)) await join(world, own, caller.owner, kind)
  return sendAs(kind, caller, await sampleRequest(world, route, own, caller.owner))
}

// A busy machine takes long for some eight hundred requests.
it.each(kinds)('carries out every route that is for: %s', { timeout: 120_000 }, async (kind) => {
  const allowed = routes.filter((route) => !refusalOf(route, kind))
  expect(allowed.length).toBeGreaterThan(5)
  for (const route of allowed) {
    const answer = await carryOut(route, kind)
    const hint = `${route.name} answers ${answer.text}: it wants a sample in test/support/route-samples.ts, or is not for ${kind}`
    expect(route.successes, hint).toContain(answer.status)
  }
})

it('carries out for everybody, whatever their role, what may be asked about oneself', async () => {
  const aboutOneself = routes.filter(({ oneself }) => oneself)
  expect(aboutOneself.length).toBeGreaterThanOrEqual(1)
  for (const route of aboutOneself) {
    for (const role of roles) {
      const organization = await newOrganization(world, founder)
      const { owner: person } = callers.get(role) as Organization
      await join(world, organization, person, role)
      const path = filled(route.path, { org: organization.id, [route.oneself ?? '']: person.id })
      const answer = await person.call({ method: route.method, path, body: route.example })
      expect(route.successes, `${route.name} ${role}`).toContain(answer.status)
    }
  }
})

import type { IdPrefix } from '../../src/lib/ids.ts'
import { makeApp, signInTo } from './app-sign-in.ts'
import type { Call } from './http.ts'
import { makeInvitation } from './invitations.ts'
import { type DocumentedRoute, filled } from './routes.ts'
import { anotherSession, newMember, newOrganization, newTenant } from './tenants.ts'
import { makeDelivery } from './webhook-deliveries.ts'
import { makeEndpoint } from './webhook-endpoints.ts'
import type { Organization, Person, World } from './world.ts'

/*
 * What the tests generated from /openapi.json (role matrix, tenants, cursors) must know of the routes beside their documents.
 * They find new routes themselves; one that they cannot call fails them and names the table here that wants an entry.
 */

type Ids = Record<string, string>
type Sample = {
  prefix: IdPrefix
  /** Makes one in the organization, under what stands left of it in the path; its id, and what else names it. */
  make: (world: World, organization: Organization, ids: Ids) => Promise<string[]>
}

/** Parameters of paths. Others can be found by their ids in bodies, too; those that others need come first. */
export const pathSamples: Record<string, Sample> = {
  org: { prefix: 'org', make: async (_world, { id, slug }) => [id, slug] },
  project: {
    prefix: 'app',
    async make(world, organization) {
      const { id, slug } = await makeApp(world, organization)
      return [id, slug]
    },
  },
  key: {
    prefix: 'key',
    async make(_world, { id, owner }, { project }) {
      const { body } = await owner.get(`/v1/orgs/${id}/projects/${project}`)
      return [body.secretKeys[0].id]
    },
  },
  user: {
    prefix: 'usr',
    // One who was there and did something, so that filters by whom find it.
    async make(world, organization) {
      const id = await newMember(world, organization, 'viewer')
      const member = await anotherSession(world, { ...organization.owner, id, email: `${id}@example.com` })
      await member.get(`/v1/orgs/${organization.id}`)
      await member.patch('/v1/users/me', { display_name: 'Busy' })
      return [id]
    },
  },
  session: {
    prefix: 'ses',
    async make(world, { id, owner }) {
      const again = await anotherSession(world, owner)
      await again.get(`/v1/orgs/${id}`)
      return [(await again.get('/v1/me')).body.session.id]
    },
  },
  projectSession: {
    prefix: 'ses',
    async make(world, organization) {
      const { owner } = organization
      await signInTo(world, await makeApp(world, organization), owner)
      return [(await owner.get('/v1/me/project-sessions')).body.data[0].id]
    },
  },
  invitation: {
    prefix: 'inv',
    make: async (_world, organization) => [(await makeInvitation(organization)).id],
  },
  endpoint: { prefix: 'whe', make: async (_world, organization) => [(await makeEndpoint(organization)).id] },
  delivery: {
    prefix: 'dlv',
    make: async (world, organization) => [(await makeDelivery(world, organization)).id],
  },
}

/** Parameters of queries, but for those of pages and those with choices: the kind of id that one takes, or a text that it accepts. */
export const querySamples: Record<string, { idOf: keyof typeof pathSamples } | { text: string }> = {
  action: { text: 'project.*' },
  actor: { idOf: 'user' },
  before: { text: '42' },
  activeSince: { text: '2026-05-12T00:00:00.000Z' },
  address: { text: '127.0.0.1' },
  device: { text: 'Firefox' },
  endpoint: { idOf: 'endpoint' },
  exclude: { text: 'database' },
  inactiveSince: { text: '2100-01-01T00:00:00.000Z' },
  organization: { idOf: 'org' },
  project: { idOf: 'project' },
  query: { text: 'tenant' },
  from: { text: '2026-05-12T00:00:00.000Z' },
  prefix: { text: 'sk_live_abcd1234' },
  token: { text: 'A'.repeat(43) },
  publishable_key: { text: 'pk_live_unknown' },
  requestId: { text: 'req_kZ3x9aQf000001' },
  target: { idOf: 'project' },
  to: { text: '2100-01-01T00:00:00.000Z' },
  user: { idOf: 'user' },
  verbose: { text: '' },
}

type Request = { organization: Organization; caller: Person | undefined; ids: Ids }
type RouteSample = {
  /** What must be there before the route can do what it does. */
  prepare?: (world: World, request: Request) => Promise<unknown>
  /** A body, where the example of the document will not do. */
  body?: (world: World, request: Request) => Promise<object> | object
  /** What the query must tell, where `querySamples` cannot know it. */
  query?: (world: World, request: Request) => Promise<Record<string, string>>
}

let count = 0
const grantTo = (world: World, { owner }: Organization, organizationId: string, projectId: string) =>
  world.sql('insert into app_grants (user_id, organization_id, project_id) values ($1, $2, $3)', [
    owner.id,
    organizationId,
    projectId,
  ])

/** The token of an invitation from elsewhere. */
const invitedFrom = async (world: World, { owner }: Organization) =>
  (await makeInvitation(await newTenant(world, owner))).token

/** Routes that are not carried out with the ids above and the example of their document. */
export const routeSamples: Record<string, RouteSample> = {
  'POST /v1/auth/register': {
    body: () => ({
      email: `matrix${++count}@example.com`,
      password: 'correct-horse-battery',
      organization_name: 'Matrix',
    }),
  },
  'POST /v1/auth/login': {
    body: (_world, { organization: { owner } }) => ({ email: owner.email, password: owner.password }),
  },
  'POST /v1/auth/reauthenticate': {
    body: (_world, { organization: { owner } }) => ({ password: owner.password }),
  },
  'POST /v1/users/me/password': {
    body: (_world, { organization: { owner } }) => ({
      current_password: owner.password,
      new_password: 'another-horse-battery',
    }),
  },
  'GET /v1/auth/invitations/preview': {
    query: async (world, { organization }) => ({ token: await invitedFrom(world, organization) }),
  },
  'POST /v1/auth/invitations/accept': {
    body: async (world, { organization, caller }) => ({
      token: await invitedFrom(world, organization),
      ...(caller ? {} : { email: `matrix${++count}@example.com`, password: 'correct-horse-battery' }),
    }),
  },
  'POST /v1/auth/invitations/decline': {
    body: async (world, { organization }) => ({ token: await invitedFrom(world, organization) }),
  },
  'DELETE /v1/me/grants/{project}': {
    prepare: (world, { organization, ids }) =>
      grantTo(world, organization, organization.id, ids.project ?? ''),
  },
}

/** What a tenant needs beside two of everything above so that every list has a second page. */
export const listSamples: Record<string, (world: World, organization: Organization) => Promise<unknown>> = {
  'GET /v1/orgs': (world, { owner }) => newOrganization(world, owner),
  async 'GET /v1/me/grants'(world, organization) {
    const other = await newTenant(world, organization.owner)
    for (let i = 0; i < 2; i++) await grantTo(world, organization, other.id, (await makeApp(world, other)).id)
  },
  'GET /v1/platform/secret-keys': (world, { id }) =>
    world.sql(`update secret_keys set prefix = 'sk_live_abcd1234' where organization_id = $1`, [id]),
}

const missing = (what: string, table: string) =>
  new Error(`${what} is new: tell the generated tests of it in test/support/route-samples.ts, ${table}`)

/** Whether this is a parameter of pages, which every list and feed has. */
export const isOfPages = (name: string) => ['limit', 'cursor', 'after'].includes(name)

export function querySample(route: DocumentedRoute, name: string) {
  const [choice] = route.query.find((parameter) => parameter.name === name)?.choices ?? []
  const sample = choice === undefined ? querySamples[name] : { text: choice }
  if (!sample) throw missing(`the parameter ${name} in the query of ${route.name}`, 'querySamples')
  return sample
}

/** Makes what these parameters of a path stand for, from left to right. */
export async function makeIds(world: World, organization: Organization, names: string[]) {
  const spellings: Record<string, string[]> = {}
  for (const name of names) {
    const sample = pathSamples[name]
    if (!sample) throw missing(`the parameter {${name}} in paths`, 'pathSamples')
    spellings[name] = await sample.make(world, organization, firstOf(spellings))
  }
  return spellings
}

export const firstOf = (spellings: Record<string, string[]>): Ids =>
  Object.fromEntries(Object.entries(spellings).map(([name, values]) => [name, values[0] ?? '']))

/** The kind of thing that a text in a body is the id of. */
export function kindOf(value: unknown): string | undefined {
  const [, prefix] = (typeof value === 'string' && /^([a-z]{3})_[0-9a-hjkmnp-tv-z]{26}$/.exec(value)) || []
  if (prefix === undefined) return undefined
  const kind = Object.entries(pathSamples).find(([, sample]) => sample.prefix === prefix)?.[0]
  if (!kind) throw missing(`an id ${prefix}_… in a body`, 'pathSamples')
  return kind
}

/** A body with each of its values replaced, however deep. */
export function mapValues(body: unknown, map: (value: unknown, name: string) => unknown, name = ''): unknown {
  if (Array.isArray(body)) return body.map((value) => mapValues(value, map, name))
  if (typeof body !== 'object' || body === null) return map(body, name)
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, mapValues(value, map, key)]))
}

/** The kinds of all ids that stand in a body. */
export function idsIn(body: unknown): string[] {
  const kinds: string[] = []
  mapValues(body, (value) => {
    const kind = kindOf(value)
    if (kind) kinds.push(kind)
  })
  return kinds
}

/** A request that the route carries out for whoever may, on things of this organization that were made for it. */
export async function sampleRequest(
  world: World,
  route: DocumentedRoute,
  organization: Organization,
  caller?: Person,
): Promise<Call> {
  const ids = firstOf(await makeIds(world, organization, route.parameters))
  const request = { organization, caller, ids }
  const special = routeSamples[route.name]
  await special?.prepare?.(world, request)
  const body = await (special?.body?.(world, request) ?? bodyFromExample(world, route, organization))
  const query = new URLSearchParams(await special?.query?.(world, request))
  for (const { name } of route.query.filter(({ isRequired }) => isRequired)) {
    if (query.has(name)) continue
    const sample = querySample(route, name)
    query.set(name, 'text' in sample ? sample.text : await idIn(world, organization, sample.idOf))
  }
  const path = filled(route.path, ids) + (query.size > 0 ? `?${query}` : '')
  return { method: route.method, path, body }
}

const idIn = async (world: World, organization: Organization, kind: string) =>
  firstOf(await makeIds(world, organization, [kind]))[kind] ?? ''

async function bodyFromExample(world: World, { example }: DocumentedRoute, organization: Organization) {
  const ids: Ids = {}
  for (const kind of idsIn(example)) ids[kind] = await idIn(world, organization, kind)
  return mapValues(example, (value, name) => {
    if (name === 'slug') return `sample-${++count}`
    if (name === 'confirm') return organization.slug
    return ids[kindOf(value) ?? ''] ?? value
  })
}

import type { CachedQuery } from '../../src/change/cache.ts'
import { type AppSession, appOrigin, makeApp, signInTo, verify } from './app-sign-in.ts'
import type { Answer } from './http.ts'
import type { Organization, Person, Project, World } from './world.ts'

/** One of everything that a kept answer can rest on. */
export type Household = {
  organization: Organization
  owner: Person
  project: Project
  /** Where the project's app lives; no other project's does. */
  origin: string
  /** Somebody from elsewhere who signed in to the project, by a grant. */
  visitor: Person
  visit: AppSession
}

let count = 0

export async function makeHousehold(world: World): Promise<Household> {
  const [organization, home] = await Promise.all([world.organization({ plan: 'pro' }), world.organization()])
  const { owner } = organization
  const origin = `https://app${++count}.household.test`
  const project = await makeApp(world, organization, { origins: [appOrigin, origin] })
  const visit = await signInTo(world, project, home.owner)
  return { organization, owner, project, origin, visitor: home.owner, visit }
}

type Reader = (world: World, household: Household) => Promise<Answer>

/** By the name of each cache, a request that is answered from it. */
export const readers = {
  secret_keys: (world, { project }) => world.withBearer(project.secretKey).get('/v1/backend/application'),
  client_configs: (world, { project }) =>
    world.withPublishableKey(project.publishableKey).get('/v1/client/config'),
  registered_origins: (world, { origin }) =>
    world.anonymous.call({
      method: 'OPTIONS',
      path: '/v1/me',
      headers: { origin, 'access-control-request-method': 'GET' },
    }),
  sessions: (_world, { owner }) => owner.get('/v1/users/me'),
  access_tokens: (world, { owner }) => world.withBearer(owner.accessToken).get('/v1/users/me'),
  me: (_world, { owner }) => owner.get('/v1/me'),
  project_sessions: (world, { project, visit }) => verify(world, project, visit.sessionToken),
  project_access_tokens: (world, { visit }) => world.withBearer(visit.accessToken).get('/v1/me'),
} satisfies Record<string, Reader>

export type CacheName = keyof typeof readers
export const cacheNames = Object.keys(readers) as CacheName[]

// biome-ignore lint/suspicious/noExplicitAny: queries of every input and value
export type Asked = { query: CachedQuery<any, any>; input: unknown }

/** Which cached queries, with which inputs, were asked while `work` ran; the last of each name. */
export async function askedOf(world: World, work: () => Promise<unknown>): Promise<Map<string, Asked>> {
  const { cache } = world.ctx
  const { get } = cache
  const asked = new Map<string, Asked>()
  cache.get = (query, key, input) => {
    asked.set(query.name, { query, input })
    return get(query, key, input)
  }
  try {
    await work()
  } finally {
    cache.get = get
  }
  return asked
}

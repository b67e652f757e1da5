import { expect } from 'vitest'
import type { Caller } from './caller.ts'
import type { Answer } from './http.ts'
import { firstOf, listSamples, makeIds, pathSamples, querySample } from './route-samples.ts'
import { type DocumentedRoute, documentedRoutes, filled } from './routes.ts'
import type { Organization, Person, World } from './world.ts'

/** A list as its owner reads it. */
export type List = { route: DocumentedRoute; path: string; query: Record<string, string>; reader: Caller }
export type ListOwner = Organization & { lists: List[]; ids: Record<string, string> }

/** Every route that is read page by page. */
export async function documentedLists(world: World): Promise<DocumentedRoute[]> {
  return (await documentedRoutes(world)).filter(({ query }) => query.some(({ name }) => name === 'cursor'))
}

/** Puts at least two of everything into an organization, so that each of its lists has a second page. */
export async function furnish(
  world: World,
  organization: Organization,
  { routes, admin }: { routes: DocumentedRoute[]; admin: Person },
): Promise<ListOwner> {
  const names = Object.keys(pathSamples)
  await makeIds(world, organization, names)
  const ids = firstOf(await makeIds(world, organization, names))
  for (const { name } of routes) await listSamples[name]?.(world, organization)
  const lists = routes.map((route): List => {
    const required = route.query.filter(({ isRequired }) => isRequired)
    const query = Object.fromEntries(required.map(({ name }) => [name, sampleValue(route, name, ids)]))
    const reader = route.audience === 'platform' ? admin : organization.owner
    return { route, path: filled(route.path, ids), query, reader }
  })
  return { ...organization, lists, ids }
}

export function sampleValue(route: DocumentedRoute, name: string, ids: Record<string, string>): string {
  const sample = querySample(route, name)
  return 'text' in sample ? sample.text : (ids[sample.idOf] ?? '')
}

/** Reads a page, of one row unless told. */
export const readPage = ({ path, query, reader }: List, more: Record<string, string> = {}): Promise<Answer> =>
  reader.get(`${path}?${new URLSearchParams({ limit: '1', ...query, ...more })}`)

/** The cursor behind the first row. */
export async function cursorOf(list: List): Promise<string> {
  const { status, body } = await readPage(list)
  expect(status, list.route.name).toBe(200)
  const hint = `${list.route.name} has no second page: test/support/route-samples.ts, listSamples, should put a second row there`
  expect(body.nextCursor, hint).toEqual(expect.any(String))
  return body.nextCursor
}

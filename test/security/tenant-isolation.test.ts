import { beforeAll, expect, it } from 'vitest'
import { newId } from '../../src/lib/ids.ts'
import type { Caller } from '../support/caller.ts'
import { dump, rowsAbout } from '../support/dump.ts'
import {
  firstOf,
  idsIn,
  isOfPages,
  kindOf,
  makeIds,
  mapValues,
  pathSamples,
  querySample,
} from '../support/route-samples.ts'
import { type DocumentedRoute, documentedRoutes, filled } from '../support/routes.ts'
import { indistinct } from '../support/shapes.ts'
import { newTenant } from '../support/tenants.ts'
import { type Organization, type Person, startWorld } from '../support/world.ts'

const world = startWorld()
// A busy machine takes long for some hundreds of requests.
const patiently = { timeout: 120_000 }

/** A tenant with one of everything: an id of each kind, and what else names it. */
type Tenant = Organization & { has: Record<string, string[]>; key: Caller }

let founder: Person
let routes: DocumentedRoute[]
beforeAll(async () => {
  founder = (await world.organization()).owner
  // To platform admins no organization is another's.
  routes = (await documentedRoutes(world)).filter(({ audience }) => audience !== 'platform')
})

async function tenant(): Promise<Tenant> {
  const organization = await newTenant(world, founder)
  const key = world.withBearer((await world.project(organization)).secretKey)
  return { ...organization, key, has: await makeIds(world, organization, Object.keys(pathSamples)) }
}

type Ids = Record<string, string>

const unknown = (): Ids =>
  Object.fromEntries(Object.entries(pathSamples).map(([name, { prefix }]) => [name, newId(prefix)]))

/** Its ids, and all else that names what it has. */
const spellings = ({ has }: Tenant): Ids[] => [
  firstOf(has),
  Object.fromEntries(Object.entries(has).map(([name, values]) => [name, values.at(-1) ?? ''])),
]

/** All rows about a tenant, but what the log of who asks tells of asking. */
async function rowsOf({ id, owner, has }: Tenant, asker?: Tenant) {
  const log = await world.sql<{ id: string }>('select id from audit_logs where stream_id = $1', [asker?.id])
  const own = new Set(log.map((entry) => entry.id))
  const about = rowsAbout(await dump(world), [id, owner.id, owner.email, ...Object.values(has).flat()])
  const isAsking = (row: string) => own.has(/\baud_\w+/.exec(row)?.[0] ?? '')
  return Object.fromEntries(
    Object.entries(about).map(([table, rows]) => [table, rows.filter((row) => !isAsking(row))]),
  )
}

/** Who calls routes of this audience for a tenant. */
const callerFor = ({ audience }: DocumentedRoute, { owner, key }: Tenant): Caller =>
  audience === 'backend' ? key : owner

/** Expects that nobody who asks for another tenant's ids can tell them from unknown ones; returns what they hear. */
async function expectIndistinct(
  what: string,
  theirs: Tenant,
  send: (ids: Ids) => ReturnType<Caller['call']>,
) {
  const expected = indistinct(await send(unknown()))
  for (const ids of spellings(theirs)) expect(indistinct(await send(ids)), what).toEqual(expected)
  return expected
}

it(
  'answers for another tenant’s ids in paths, at every level, as for unknown ones, and touches nothing',
  patiently,
  async () => {
    const [mine, theirs] = [await tenant(), await tenant()]
    const before = { theirs: await rowsOf(theirs), mine: await rowsOf(mine) }
    const withIds = routes.filter(({ parameters }) => parameters.length > 0)
    expect(withIds.length).toBeGreaterThan(25)
    for (const route of withIds) {
      const { name, method, path, parameters, example } = route
      for (const [at, parameter] of parameters.entries()) {
        // All from there on are not mine, as in another tenant's link; or that one alone.
        for (const strange of [parameters.slice(at), [parameter]]) {
          const send = (ids: Ids) => {
            const picked = Object.entries(ids).filter(([kind]) => strange.includes(kind))
            const values = { ...firstOf(mine.has), ...Object.fromEntries(picked) }
            return callerFor(route, mine).call({ method, path: filled(path, values), body: example })
          }
          const what = `${name} with ${strange.join(' and ')} of another`
          expect((await expectIndistinct(what, theirs, send)).status, what).toBe(404)
        }
      }
    }
    expect(await rowsOf(theirs, mine)).toEqual(before.theirs)
    expect(await rowsOf(mine)).toEqual(before.mine)
  },
)

it('answers for another tenant’s ids in queries as for unknown ones', patiently, async () => {
  const [mine, theirs] = [await tenant(), await tenant()]
  const before = await rowsOf(theirs)
  // Where one's own find nothing, another's would not either.
  const found = new Set<string>()
  let tried = 0
  for (const route of routes) {
    for (const { name } of route.query.filter((parameter) => !isOfPages(parameter.name))) {
      const sample = querySample(route, name)
      if (!('idOf' in sample)) continue
      tried++
      const path = filled(route.path, firstOf(mine.has))
      const send = (ids: Ids) =>
        callerFor(route, mine).call({
          method: route.method,
          path: `${path}?${new URLSearchParams({ [name]: ids[sample.idOf] ?? '' })}`,
        })
      await expectIndistinct(`${route.name} ${name}`, theirs, send)
      if ((await send(firstOf(mine.has))).body?.data?.length > 0) found.add(name)
    }
  }
  expect(tried).toBeGreaterThanOrEqual(1)
  expect([...found]).toEqual(expect.arrayContaining(['actor', 'target', 'user']))
  expect(await rowsOf(theirs, mine)).toEqual(before)
})

it('answers for another tenant’s ids in bodies as for unknown ones', patiently, async () => {
  const [mine, theirs] = [await tenant(), await tenant()]
  const before = await rowsOf(theirs)
  let tried = 0
  for (const route of routes) {
    for (const kind of new Set(idsIn(route.example))) {
      tried++
      const path = filled(route.path, firstOf(mine.has))
      const body = (ids: Ids) =>
        mapValues(route.example, (value) => {
          const found = kindOf(value)
          return found ? (found === kind ? ids : firstOf(mine.has))[found] : value
        })
      const send = (ids: Ids) => callerFor(route, mine).call({ method: route.method, path, body: body(ids) })
      const what = `${route.name} ${kind}`
      const expected = await expectIndistinct(what, theirs, send)
      const own = await send(firstOf(mine.has))
      expect(own.status, what).toBeLessThan(300)
      expect(indistinct(own), `${what} of one’s own is something else`).not.toEqual(expected)
    }
  }
  expect(tried).toBeGreaterThanOrEqual(3)
  expect(await rowsOf(theirs, mine)).toEqual(before)
})

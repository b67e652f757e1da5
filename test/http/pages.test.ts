import { beforeAll, expect, it } from 'vitest'
import { seeded } from '../faults/harness/random.ts'
import {
  documentedLists,
  furnish,
  type List,
  type ListOwner,
  readPage,
  sampleValue,
} from '../support/lists.ts'
import { isOfPages, makeIds, pathSamples } from '../support/route-samples.ts'
import { type DocumentedRoute, documentedRoutes, filled } from '../support/routes.ts'
import { newTenant } from '../support/tenants.ts'
import { type Person, startWorld } from '../support/world.ts'

const world = startWorld()

let founder: Person
let routes: DocumentedRoute[]
let all: { routes: DocumentedRoute[]; admin: Person }
beforeAll(async () => {
  founder = (await world.organization()).owner
  routes = await documentedRoutes(world)
  all = { routes: await documentedLists(world), admin: await world.platformAdmin() }
})

/** What tells one row of a list from the others. */
function keyOf({ route }: List, row: Record<string, unknown> & { project?: { id: string } }): string {
  const key = row.id ?? row.userId ?? row.project?.id
  expect(key, `${route.name} shows rows by which they could be known`).toEqual(expect.any(String))
  return key as string
}

/** Somebody who reads a list from its beginning to its end, in pages of this size. */
function reading(list: List, size: number) {
  const seen: string[] = []
  let cursor: string | null | undefined
  return {
    list,
    seen,
    isOver: () => cursor === null,
    async readOn() {
      const { status, text, body } = await readPage(list, { limit: String(size), ...(cursor && { cursor }) })
      expect(status, `${list.route.name} ${text}`).toBe(200)
      expect(body.data.length).toBeLessThanOrEqual(size)
      if (body.nextCursor) expect(body.data, list.route.name).toHaveLength(size)
      seen.push(...body.data.map((row: Record<string, unknown>) => keyOf(list, row)))
      cursor = body.nextCursor
    },
  }
}

async function readAll(list: List): Promise<string[]> {
  const whole = reading(list, 100)
  while (!whole.isOver()) await whole.readOn()
  return whole.seen
}

/** The list as it is, and under each of its filters. */
const filtered = ({ lists, ids, owner }: ListOwner): List[] =>
  lists.flatMap((list) => [
    list,
    ...list.route.query
      .filter(({ name, isRequired }) => !isOfPages(name) && !isRequired)
      .map(({ name }) => {
        const value = byOwner.has(name) ? owner.id : sampleValue(list.route, name, ids)
        return { ...list, query: { ...list.query, [name]: value } }
      }),
  ])

// Nearly everything here is done by the owner.
const byOwner = new Set(['actor', 'user'])
// Of these there is one at most, or none at all.
const seldom = new Set(['device', 'endpoint', 'eventType', 'project', 'requestId'])

type Next = (below: number) => number

/** Adds things to a tenant, and takes some of them away by the routes that do. */
function churn(tenant: ListOwner, next: Next) {
  const kinds = Object.keys(pathSamples).filter((kind) => kind !== 'org' && kind !== 'key')
  const made: { kind: string; id: string }[] = []
  let removed = 0
  const removal = (kind: string) =>
    routes.find(
      ({ method, path, parameters }) =>
        method === 'DELETE' &&
        path.endsWith(`{${kind}}`) &&
        parameters.every((name) => ['org', kind].includes(name)),
    )
  return {
    async add() {
      const kind = kinds[next(kinds.length)] ?? ''
      const { [kind]: spellings = [] } = await makeIds(world, tenant, [kind])
      made.push({ kind, id: spellings[0] ?? '' })
    },
    async remove() {
      const [one] = made.splice(next(made.length), 1)
      const route = one && removal(one.kind)
      if (!route) return
      const path = filled(route.path, { org: tenant.id, [one.kind]: one.id })
      // Something that it was in may be gone before it.
      const { status } = await tenant.owner.call({ method: 'DELETE', path })
      expect([204, 404], route.name).toContain(status)
      if (status === 204) removed++
    },
    removed: () => removed,
  }
}

it('tells every row of every list once, though others add and remove', { timeout: 120_000 }, async () => {
  const random = seeded(1)
  const next: Next = (below) => Math.floor(random() * below)
  const tenants = [
    await furnish(world, await newTenant(world, founder), all),
    await furnish(world, await newTenant(world, founder), all),
  ]
  const churns = tenants.map((tenant) => churn(tenant, next))
  for (const one of churns) for (let i = 0; i < 4; i++) await one.add()
  const before = new Map<List, string[]>()
  for (const list of tenants.flatMap(filtered)) before.set(list, await readAll(list))
  const empty = [...before]
    .filter(([, rows]) => rows.length === 0)
    .map(([{ query }]) => Object.keys(query).at(-1))
  expect(
    empty.filter((filter) => !seldom.has(filter ?? '')),
    'filters by which nothing is found',
  ).toEqual([])
  // Some four pages each: as many moments to change something between.
  const readings = [...before].map(([list, rows]) =>
    reading(list, Math.min(100, Math.ceil((rows.length + 1) / (3 + next(3))))),
  )
  for (let round = 0; readings.some((one) => !one.isOver()); round++) {
    expect(round, 'some list has no end').toBeLessThan(20)
    for (const one of readings) if (!one.isOver()) await one.readOn()
    for (let i = 0; i < 3; i++) {
      await churns[next(2)]?.add()
      await churns[next(2)]?.remove()
    }
  }
  expect(churns.reduce((sum, one) => sum + one.removed(), 0)).toBeGreaterThan(3)
  for (const one of readings) {
    const name = `${one.list.route.name} ${JSON.stringify(one.list.query)}`
    expect(new Set(one.seen).size, `${name} tells one twice`).toBe(one.seen.length)
    const after = new Set(await readAll(one.list))
    const throughout = before.get(one.list)?.filter((key) => after.has(key)) ?? []
    expect(
      throughout.filter((key) => !one.seen.includes(key)),
      `${name} misses some`,
    ).toEqual([])
  }
  const [ours, theirs] = tenants.map(({ id }) =>
    readings.filter(({ list }) => list.path.includes(id)).flatMap(({ seen }) => seen),
  )
  expect(
    ours?.filter((key) => theirs?.includes(key)),
    'and nothing of another tenant',
  ).toEqual([])
})

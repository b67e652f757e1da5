import { beforeAll, expect, it } from 'vitest'
import type { Caller } from '../support/caller.ts'
import type { Answer } from '../support/http.ts'
import {
  firstOf,
  isOfPages,
  listSamples,
  makeIds,
  pathSamples,
  querySample,
} from '../support/route-samples.ts'
import { type DocumentedRoute, documentedRoutes, filled } from '../support/routes.ts'
import { expectInvalid, indistinct } from '../support/shapes.ts'
import { newOrganization, newTenant } from '../support/tenants.ts'
import { type Organization, type Person, startWorld } from '../support/world.ts'

const world = startWorld()

/** A list as its owner reads it. */
type List = { route: DocumentedRoute; path: string; query: Record<string, string>; reader: Caller }
type Tenant = Organization & { lists: List[] }

let lists: DocumentedRoute[]
let admin: Person
/** Two organizations of one person, who may read both, and one of somebody else. */
let here: Tenant
let alsoMine: Tenant
let theirs: Tenant

beforeAll(async () => {
  const founder = (await world.organization()).owner
  admin = await world.platformAdmin()
  lists = (await documentedRoutes(world)).filter(({ query }) => query.some(({ name }) => name === 'cursor'))
  const first = await newTenant(world, founder)
  here = await furnished(first)
  alsoMine = await furnished(await newOrganization(world, first.owner))
  theirs = await furnished(await newTenant(world, founder))
})

/** Puts at least two of everything into a tenant, so that every list has a second page. */
async function furnished(organization: Organization): Promise<Tenant> {
  const names = Object.keys(pathSamples)
  await makeIds(world, organization, names)
  const ids = firstOf(await makeIds(world, organization, names))
  for (const { name } of lists) await listSamples[name]?.(world, organization)
  const own = lists.map((route): List => {
    const required = route.query.filter(({ isRequired }) => isRequired)
    const query = Object.fromEntries(required.map(({ name }) => [name, sampleValue(route, name, ids)]))
    const reader = route.audience === 'platform' ? admin : organization.owner
    return { route, path: filled(route.path, ids), query, reader }
  })
  return { ...organization, lists: own }
}

function sampleValue(route: DocumentedRoute, name: string, ids: Record<string, string>): string {
  const sample = querySample(route, name)
  return 'text' in sample ? sample.text : (ids[sample.idOf] ?? '')
}

const read = ({ path, query, reader }: List, more: Record<string, string> = {}): Promise<Answer> =>
  reader.get(`${path}?${new URLSearchParams({ ...query, limit: '1', ...more })}`)

async function cursorOf(list: List): Promise<string> {
  const { status, body } = await read(list)
  expect(status, list.route.name).toBe(200)
  const hint = `${list.route.name} has no second page: test/support/route-samples.ts, listSamples, should put a second row there`
  expect(body.nextCursor, hint).toEqual(expect.any(String))
  return body.nextCursor
}

const listOf = ({ lists }: Tenant, at: number) => lists[at] as List

it('leads on where it came from, and nowhere else: not in another list, not for another tenant', async () => {
  expect(lists.length).toBeGreaterThan(8)
  const cursors = new Map<string, string>()
  for (const [at, { name }] of lists.entries()) {
    for (const tenant of [here, alsoMine, theirs]) {
      const whose = tenant === here ? name : `${name} of ${tenant.id}`
      cursors.set(whose, await cursorOf(listOf(tenant, at)))
    }
  }
  let refused = 0
  for (const [at, { name }] of lists.entries()) {
    const list = listOf(here, at)
    const own = cursors.get(name) ?? ''
    const second = await read(list, { cursor: own })
    expect(second.status, name).toBe(200)
    expect(second.body.data[0], name).not.toEqual((await read(list)).body.data[0])
    const tampered = indistinct(await read(list, { cursor: `${own}A` }))
    for (const [whose, cursor] of cursors) {
      // One's own lists are the same seen from each of one's organizations, and platform admins' from everywhere.
      if (cursor === own || isSameList(list.route, whose)) continue
      const answer = await read(list, { cursor })
      expectInvalid(answer, 'cursor')
      expect(indistinct(answer), `${whose} at ${name}`).toEqual(tampered)
      refused++
    }
  }
  expect(refused).toBeGreaterThan(lists.length * lists.length * 2)
})

function isSameList({ name, audience }: DocumentedRoute, whose: string): boolean {
  if (audience === 'platform') return whose.startsWith(name)
  return audience === 'user' && whose === `${name} of ${alsoMine.id}`
}

const flipped = (cursor: string, at: number) =>
  `${cursor.slice(0, at)}${cursor[at] === 'A' ? 'B' : 'A'}${cursor.slice(at + 1)}`

it('is refused in every list when it was tampered with, or never was one', async () => {
  for (const list of here.lists) {
    const cursor = await cursorOf(list)
    const middle = Math.floor(cursor.length / 2)
    const tries = [
      flipped(cursor, 0),
      flipped(cursor, middle),
      flipped(cursor, cursor.length - 1),
      cursor.slice(1),
      cursor.slice(0, -1),
      `${cursor}=`,
      `${cursor}A`,
      ` ${cursor}`,
      `${cursor}\0`,
      cursor.toLowerCase(),
      cursor + cursor,
      Buffer.from(cursor, 'base64url').toString('hex'),
      Buffer.from(cursor, 'base64url').subarray(16).toString(),
      '',
      '0',
      'null',
      here.id,
      'A'.repeat(513),
    ]
    for (const tried of tries) {
      const answer = await read(list, { cursor: tried })
      expect(answer.status, `${list.route.name} ${tried}`).toBe(400)
      expectInvalid(answer, 'cursor')
    }
    const twice = await list.reader.get(
      `${list.path}?${new URLSearchParams([...Object.entries(list.query), ['cursor', cursor], ['cursor', cursor]])}`,
    )
    expect(twice.status, list.route.name).toBe(400)
  }
})

it('is refused under every other filter', async () => {
  let tried = 0
  for (const list of here.lists) {
    const cursor = await cursorOf(list)
    const ids = firstOf(await makeIds(world, here, Object.keys(pathSamples)))
    for (const { name, isRequired } of list.route.query) {
      if (isOfPages(name) || isRequired) continue
      const answer = await read(list, { cursor, [name]: sampleValue(list.route, name, ids) })
      expect(answer.status, `${list.route.name} ${name}`).toBe(400)
      expectInvalid(answer, 'cursor')
      tried++
    }
  }
  expect(tried).toBeGreaterThanOrEqual(5)
})

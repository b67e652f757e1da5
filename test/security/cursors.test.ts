import { beforeAll, expect, it } from 'vitest'
import {
  cursorOf,
  documentedLists,
  furnish,
  type List,
  type ListOwner,
  readPage,
  sampleValue,
} from '../support/lists.ts'
import { isOfPages } from '../support/route-samples.ts'
import type { DocumentedRoute } from '../support/routes.ts'
import { expectInvalid, indistinct } from '../support/shapes.ts'
import { newOrganization, newTenant } from '../support/tenants.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
// A busy machine takes long for some hundreds of requests.
const patiently = { timeout: 120_000 }

let routes: DocumentedRoute[]
/** Two organizations of one person, who may read both, and one of somebody else. */
let here: ListOwner
let alsoMine: ListOwner
let theirs: ListOwner

beforeAll(async () => {
  const founder = (await world.organization()).owner
  const all = { routes: await documentedLists(world), admin: await world.platformAdmin() }
  routes = all.routes
  const first = await newTenant(world, founder)
  here = await furnish(world, first, all)
  alsoMine = await furnish(world, await newOrganization(world, first.owner), all)
  theirs = await furnish(world, await newTenant(world, founder), all)
})

const listOf = ({ lists }: ListOwner, at: number) => lists[at] as List

it(
  'leads on where it came from, and nowhere else: not in another list, not for another tenant',
  patiently,
  async () => {
    expect(routes.length).toBeGreaterThan(8)
    const cursors = new Map<string, string>()
    for (const [at, { name }] of routes.entries()) {
      for (const tenant of [here, alsoMine, theirs]) {
        const whose = tenant === here ? name : `${name} of ${tenant.id}`
        cursors.set(whose, await cursorOf(listOf(tenant, at)))
      }
    }
    let refused = 0
    for (const [at, { name }] of routes.entries()) {
      const list = listOf(here, at)
      const own = cursors.get(name) ?? ''
      const second = await readPage(list, { cursor: own })
      expect(second.status, name).toBe(200)
      expect(second.body.data[0], name).not.toEqual((await readPage(list)).body.data[0])
      const tampered = indistinct(await readPage(list, { cursor: `${own}A` }))
      for (const [whose, cursor] of cursors) {
        // One's own lists are the same seen from each of one's organizations, and platform admins' from everywhere.
        if (cursor === own || isSameList(list.route, whose)) continue
        const answer = await readPage(list, { cursor })
        expectInvalid(answer, 'cursor')
        expect(indistinct(answer), `${whose} at ${name}`).toEqual(tampered)
        refused++
      }
    }
    expect(refused).toBeGreaterThan(routes.length * routes.length * 2)
  },
)

function isSameList({ name, audience }: DocumentedRoute, whose: string): boolean {
  if (audience === 'platform') return whose.startsWith(name)
  return audience === 'user' && whose === `${name} of ${alsoMine.id}`
}

const flipped = (cursor: string, at: number) =>
  `${cursor.slice(0, at)}${cursor[at] === 'A' ? 'B' : 'A'}${cursor.slice(at + 1)}`

it('is refused in every list when it was tampered with, or never was one', patiently, async () => {
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
      const answer = await readPage(list, { cursor: tried })
      expect(answer.status, `${list.route.name} ${tried}`).toBe(400)
      expectInvalid(answer, 'cursor')
    }
    const twice = await list.reader.get(
      `${list.path}?${new URLSearchParams([...Object.entries(list.query), ['cursor', cursor], ['cursor', cursor]])}`,
    )
    expect(twice.status, list.route.name).toBe(400)
  }
})

it('is refused under every other filter', patiently, async () => {
  let tried = 0
  for (const list of here.lists) {
    const cursor = await cursorOf(list)
    for (const { name, isRequired } of list.route.query) {
      if (isOfPages(name) || isRequired) continue
      const answer = await readPage(list, { cursor, [name]: sampleValue(list.route, name, here.ids) })
      expect(answer.status, `${list.route.name} ${name}`).toBe(400)
      expectInvalid(answer, 'cursor')
      tried++
    }
  }
  expect(tried).toBeGreaterThanOrEqual(5)
})

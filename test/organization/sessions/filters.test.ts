import { beforeAll, expect, it } from 'vitest'
import { newId } from '../../../src/lib/ids.ts'
import { makeApp, signInTo } from '../../support/app-sign-in.ts'
import { expectInvalid } from '../../support/shapes.ts'
import { anotherSession, join, newTenant } from '../../support/tenants.ts'
import { type Organization, type Person, type Project, startWorld } from '../../support/world.ts'

const world = startWorld()
let organization: Organization
let other: Organization
let viewer: Person
let project: Project
/** Another session of the owner, so that reading marks none of those as seen now; it is left out of what is found. */
let reader: Person
let readerId: string
const ids: Record<'owner' | 'viewer' | 'visitor', string> = { owner: '', viewer: '', visitor: '' }

const sessionOf = async (person: Person): Promise<string> => (await person.get('/v1/me')).body.session.id
const set = (session: string, values: string) =>
  world.sql(`update session_organizations set ${values} where session_id = $1 and organization_id = $2`, [
    session,
    organization.id,
  ])

// The owner on a laptop since January, a viewer on a phone since March, a visitor of the project since May.
beforeAll(async () => {
  const founder = (await world.organization()).owner
  organization = await newTenant(world, founder)
  other = await newTenant(world, founder)
  viewer = (await newTenant(world, founder)).owner
  await join(world, organization, viewer, 'viewer')
  const visitor = (await newTenant(world, founder)).owner
  reader = await anotherSession(world, organization.owner)
  readerId = await sessionOf(reader)
  project = await makeApp(world, organization)
  await organization.owner.get(`/v1/orgs/${organization.id}`)
  await viewer.get(`/v1/orgs/${organization.id}`)
  await signInTo(world, project, visitor)
  ids.owner = await sessionOf(organization.owner)
  ids.viewer = await sessionOf(viewer)
  ids.visitor = await sessionOf(visitor)
  // What was just seen is marked a moment later, and would be marked over what follows.
  await world.ctx.batches.flush()
  await set(
    ids.owner,
    `user_agent = 'Mozilla/5.0 (X11; Linux) Firefox/150', first_seen_at = '2026-01-01', last_seen_at = '2026-06-01'`,
  )
  await set(
    ids.viewer,
    `user_agent = 'Safari 100% iPhone', first_seen_at = '2026-03-01', last_seen_at = '2026-04-01', address = '2001:db8::7'`,
  )
  await set(ids.visitor, `user_agent = null, first_seen_at = '2026-05-01', last_seen_at = '2026-05-02'`)
})

const path = () => `/v1/orgs/${organization.id}/sessions`
const get = (filters: Record<string, string>) => reader.get(`${path()}?${new URLSearchParams(filters)}`)
const found = async (filters: Record<string, string>): Promise<string[]> => {
  const { status, body } = await get(filters)
  expect(status).toBe(200)
  return body.data.map(({ id }: { id: string }) => id).filter((id: string) => id !== readerId)
}

it.each<[Record<string, string>, (keyof typeof ids)[]]>([
  [{}, ['visitor', 'viewer', 'owner']],
  [{ address: '2001:db8::7' }, ['viewer']],
  [{ address: '2001:0DB8:0::0007' }, ['viewer']],
  [{ address: '198.51.100.1' }, []],
  [{ device: 'FIREfox' }, ['owner']],
  [{ device: '100%' }, ['viewer']],
  [{ device: '_' }, []],
  [{ from: '2026-03-01T00:00:00Z' }, ['visitor', 'viewer']],
  [{ to: '2026-03-01T00:00:00Z' }, ['owner']],
  [{ from: '2026-03-01T00:00:00+01:00', to: '2026-04-01T00:00:00Z' }, ['viewer']],
  [{ activeSince: '2026-05-02T00:00:00Z' }, ['visitor', 'owner']],
  [{ inactiveSince: '2026-05-02T00:00:00Z' }, ['viewer']],
  [{ activeSince: '2026-05-01T00:00:00Z', device: 'Linux' }, ['owner']],
])('lists what matches %j', async (filters, expected) => {
  expect(await found(filters)).toEqual(expected.map((name) => ids[name]))
})

it('lists one person’s, and one project’s', async () => {
  expect(await found({ user: viewer.id })).toEqual([ids.viewer])
  for (const name of [project.id, project.slug]) expect(await found({ project: name })).toEqual([ids.visitor])
  expect(await found({ project: project.id, user: viewer.id })).toEqual([])
})

it('finds nothing by what is another organization’s, as by what is nobody’s', async () => {
  const theirs = await makeApp(world, other)
  await signInTo(world, theirs, viewer)
  for (const id of [theirs.id, newId('app'), 'nobodys']) expect(await found({ project: id })).toEqual([])
  for (const id of [other.owner.id, newId('usr')]) expect(await found({ user: id })).toEqual([])
})

it('keeps its cursors to one filter', async () => {
  await (await anotherSession(world, viewer)).get(`/v1/orgs/${organization.id}`)
  const { nextCursor } = (await get({ user: viewer.id, limit: '1' })).body
  expect((await get({ user: viewer.id, limit: '1', cursor: nextCursor })).body.data).toHaveLength(1)
  for (const filters of [{}, { user: organization.owner.id }, { user: viewer.id, device: 'x' }])
    expectInvalid(await get({ ...filters, cursor: nextCursor } as Record<string, string>), 'cursor')
})

it.each([
  ['user', 'x'],
  ['user', newId('app')],
  ['project', 'My shop'],
  ['address', '1.2.3.4.5'],
  ['address', '198.51.100.0/24'],
  ['device', ''],
  ['device', '\u0000'],
  ['from', 'yesterday'],
  ['activeSince', '1'],
])('refuses %s=%s', async (name, value) => {
  expectInvalid(await get({ [name]: value }), name)
})

import { expect, it } from 'vitest'
import { expectInvalid, expectRefusal } from '../../support/shapes.ts'
import { whileLocked } from '../../support/while-locked.ts'
import { type Project, startWorld } from '../../support/world.ts'

const world = startWorld()
const make = async (body: Record<string, unknown> = {}) => world.project(await world.organization(), body)
const pathOf = ({ organization, id }: Project) => `/v1/orgs/${organization.id}/projects/${id}`
const patch = (project: Project, body: unknown) => project.organization.owner.patch(pathOf(project), body)
const lastEvent = async ({ organization }: Project) => (await world.events(organization.id)).at(-1)

it('changes the given fields and leaves the others, and says what changed', async () => {
  const project = await make({ redirectUrls: ['https://a.example/cb'], afterSignInUrl: 'https://a.example' })
  const before = (await project.organization.owner.get(pathOf(project))).body
  const fields = { name: 'Renamed', slug: 'renamed', origins: ['https://a.example'], afterSignInUrl: null }
  const answer = await patch(project, fields)
  expect(answer.status).toBe(200)
  expect(answer.body).toEqual({ ...before, ...fields, updatedAt: answer.body.updatedAt })
  expect(answer.body.updatedAt > before.updatedAt).toBe(true)
  expect((await project.organization.owner.get(pathOf(project))).body).toEqual(answer.body)
  const event = await lastEvent(project)
  expect(event?.type).toBe('project.updated')
  expect(event?.data).toEqual({
    id: project.id,
    slug: 'renamed',
    name: 'Renamed',
    status: 'active',
    publishableKey: project.publishableKey,
    redirectUrls: ['https://a.example/cb'],
    origins: ['https://a.example'],
    afterSignInUrl: null,
    afterSignUpUrl: null,
    previous: { slug: project.slug, name: before.name, origins: [], afterSignInUrl: 'https://a.example' },
  })
})

it('disables at once for both keys, and enables again', async () => {
  const project = await make()
  const secret = () => world.withBearer(project.secretKey).get('/v1/backend/application')
  const publishable = () => world.withPublishableKey(project.publishableKey).get('/v1/client/config')
  expect((await patch(project, { status: 'disabled' })).body.status).toBe('disabled')
  expectRefusal(await secret(), 'application_disabled')
  expectRefusal(await publishable(), 'application_disabled')
  expect(await lastEvent(project)).toMatchObject({
    type: 'project.disabled',
    data: { status: 'disabled', previous: { status: 'active' } },
  })
  expect((await patch(project, { status: 'active' })).body.status).toBe('active')
  expect((await secret()).status).toBe(200)
  expect((await publishable()).status).toBe(200)
  expect(await lastEvent(project)).toMatchObject({ type: 'project.enabled' })
})

it('refuses a slug that this organization has', async () => {
  const project = await make()
  const other = await world.project(project.organization)
  expectRefusal(await patch(project, { slug: other.slug }), 'conflict', [
    { path: 'slug', message: 'is taken' },
  ])
  expect((await patch(project, { slug: project.slug })).status, 'its own is free to it').toBe(200)
})

it('gives a slug to one of two who ask together', async () => {
  const one = await make()
  const two = await world.project(one.organization)
  const lock = { statement: 'select from projects where id = any($1) for update', values: [[one.id, two.id]] }
  const answers = await whileLocked(world, lock, () => [
    patch(one, { slug: 'contended' }),
    // The subscription lets one in after the other; the first waits for its project, the second for the subscription.
    patch(two, { slug: 'contended' }),
  ])
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
})

it.each([
  [{ name: '' }, 'name'],
  [{ name: null }, 'name'],
  [{ slug: 'A b' }, 'slug'],
  [{ status: 'paused' }, 'status'],
  [{ origins: ['https://a.example/x'] }, 'origins.0'],
])('names the field that it cannot accept: %j', async (body, field) => {
  expectInvalid(await patch(await make(), body), field)
})

it('refuses unknown fields, and what is not here', async () => {
  const project = await make()
  expect((await patch(project, { secretKeys: [] })).body.error.code).toBe('invalid_input')
  const { owner, id } = project.organization
  expectRefusal(await owner.patch(`/v1/orgs/${id}/projects/nothing`, { name: 'a' }), 'not_found')
})

import { expect, it } from 'vitest'
import { aTime, expectInvalid, expectRefusal } from '../support/shapes.ts'
import { whileLocked } from '../support/while-locked.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()

it('changes name and slug, and says what changed', async () => {
  const { owner, id, slug } = await world.organization({ name: 'Before' })
  const answer = await owner.patch(`/v1/orgs/${slug}`, { name: 'After', slug: 'after' })
  expect(answer.status).toBe(200)
  expect(answer.body).toEqual({
    id,
    slug: 'after',
    name: 'After',
    role: 'owner',
    subscription: { planKey: 'free', status: 'active' },
    createdAt: aTime,
    updatedAt: aTime,
  })
  expect(answer.body.updatedAt > answer.body.createdAt).toBe(true)
  expectRefusal(await owner.get(`/v1/orgs/${slug}`), 'not_found')
  const [event] = (await world.events(id)).slice(-1)
  expect(event).toMatchObject({ type: 'organization.updated', organization: { id, slug: 'after' } })
  expect(event?.data).toEqual({
    id,
    slug: 'after',
    name: 'After',
    createdAt: answer.body.createdAt,
    previous: { name: 'Before', slug },
  })
  await owner.patch(`/v1/orgs/${id}`, { name: 'Again' })
  expect((await world.events(id)).at(-1)?.data.previous).toEqual({ name: 'After' })
})

it('refuses a slug that is taken', async () => {
  const { owner, id, slug } = await world.organization()
  const other = await world.organization()
  const answer = await owner.patch(`/v1/orgs/${id}`, { slug: other.slug })
  expectRefusal(answer, 'conflict', [{ path: 'slug', message: 'is taken' }])
  expect((await owner.patch(`/v1/orgs/${id}`, { slug })).status, 'its own is free to it').toBe(200)
})

it('gives a slug to one of two who ask together', async () => {
  const [one, two] = [await world.organization(), await world.organization()]
  const statement = 'select from organizations where id = any($1) for update'
  const answers = await whileLocked(world, { statement, values: [[one.id, two.id]] }, () =>
    [one, two].map(({ owner, id }) => owner.patch(`/v1/orgs/${id}`, { slug: 'contended' })),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
})

it('renames nothing that is being deleted', async () => {
  const { owner, id } = await world.organization()
  const statement = 'update organizations set deleted_at = now() where id = $1'
  const [answer] = await whileLocked(world, { statement, values: [id] }, () => [
    owner.patch(`/v1/orgs/${id}`, { name: 'Late' }),
  ])
  expect(answer?.status).toBe(404)
  expect((await world.events(id)).filter(({ type }) => type === 'organization.updated')).toEqual([])
})

it.each([
  [{ name: '' }, 'name'],
  [{ name: null }, 'name'],
  [{ slug: 'Not A Slug' }, 'slug'],
])('names the field that it cannot accept: %j', async (body, field) => {
  const { owner, id } = await world.organization()
  expectInvalid(await owner.patch(`/v1/orgs/${id}`, body), field)
})

it('refuses unknown fields', async () => {
  const { owner, id } = await world.organization()
  expect((await owner.patch(`/v1/orgs/${id}`, { planKey: 'scale' })).body.error.code).toBe('invalid_input')
})

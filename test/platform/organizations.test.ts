import { expect, it } from 'vitest'
import { anId, aTime, expectInvalid, expectRefusal } from '../support/shapes.ts'
import { type Person, startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/v1/platform/organizations'
const search = async (admin: Person, query: string): Promise<string[]> => {
  const answer = await admin.get(`${path}?query=${encodeURIComponent(query)}`)
  expect(answer.status).toBe(200)
  return answer.body.data.map(({ id }: { id: string }) => id)
}

it('shows an organization with its subscription, also while it waits to be purged', async () => {
  const admin = await world.platformAdmin()
  const { id, slug, owner } = await world.organization({ plan: 'pro', name: 'Engines' })
  const shown = {
    id: anId('org'),
    slug,
    name: 'Engines',
    subscription: { planKey: 'pro', status: 'active' },
    createdAt: aTime,
    updatedAt: aTime,
    deletedAt: null,
  }
  expect((await admin.get(`${path}?query=${id}`)).body).toEqual({ data: [shown], nextCursor: null })
  expect((await owner.delete(`/v1/orgs/${id}`, { confirm: slug })).status).toBe(204)
  expect((await admin.get(`${path}?query=${id}`)).body.data).toEqual([{ ...shown, deletedAt: aTime }])
})

it('finds organizations by the beginnings of words of name and slug', async () => {
  const admin = await world.platformAdmin()
  const { id, slug } = await world.organization({ name: 'Analytical Differences & Söhne' })
  for (const query of [slug, 'analyt', 'SÖHNE diff', 'differences analytical'])
    expect(await search(admin, query), query).toContain(id)
  for (const query of ['lytical', 'analytical engines'])
    expect(await search(admin, query), query).not.toContain(id)
  expectInvalid(await admin.get(`${path}?query=%26`), 'query')
})

it('is paged newest first, and all of it is there without a search', async () => {
  const admin = await world.platformAdmin()
  const made = [(await world.organization()).id, (await world.organization()).id]
  const first = await admin.get(`${path}?limit=1`)
  const second = await admin.get(`${path}?limit=1&cursor=${first.body.nextCursor}`)
  expect([first, second].flatMap(({ body }) => body.data.map(({ id }: { id: string }) => id))).toEqual(
    made.reverse(),
  )
  expectInvalid(await admin.get(`${path}?query=x&limit=1&cursor=${first.body.nextCursor}`), 'cursor')
})

it('is for platform admins', async () => {
  const { owner } = await world.organization()
  expectRefusal(await owner.get(path), 'platform_admin_required')
  expectRefusal(await world.anonymous.get(path), 'authentication_required')
})

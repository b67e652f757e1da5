import { expect, it } from 'vitest'
import { anId, aTime, expectInvalid, expectRefusal } from '../support/shapes.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/v1/orgs'

it('shows mine, newest first, with my role', async () => {
  const { owner, id, slug } = await world.organization({ name: 'First' })
  const second = await world.organization({ plan: 'pro', name: 'Second' })
  await world.sql("insert into memberships values ('mem_list', $1, $2, 'member')", [second.id, owner.id])
  const answer = await owner.get(path)
  expect(answer.status).toBe(200)
  const shown = { createdAt: aTime, updatedAt: aTime }
  expect(answer.body).toEqual({
    data: [
      {
        id: second.id,
        slug: second.slug,
        name: 'Second',
        role: 'member',
        subscription: { planKey: 'pro', status: 'active' },
        ...shown,
      },
      {
        id,
        slug,
        name: 'First',
        role: 'owner',
        subscription: { planKey: 'free', status: 'active' },
        ...shown,
      },
    ],
    nextCursor: null,
  })
  expect(id).toEqual(anId('org'))
})

it('pages without showing one twice or missing one, while others are being added', async () => {
  const { owner, id } = await world.organization()
  const create = async () => (await owner.post(path, { name: 'Paged' })).body.id as string
  const present = [id]
  for (let i = 0; i < 6; i++) present.push(await create())
  const seen: string[] = []
  let cursor = ''
  for (let pages = 0; pages < 10; pages++) {
    const { body } = await owner.get(`${path}?limit=2${cursor}`)
    expect(body.data.length).toBeLessThanOrEqual(2)
    seen.push(...body.data.map((organization: { id: string }) => organization.id))
    if (body.nextCursor === null) break
    cursor = `&cursor=${body.nextCursor}`
    await create()
  }
  expect(seen).toEqual(present.sort().reverse())
})

it('gives 25 unless asked, and no cursor behind the last', async () => {
  const { owner } = await world.organization()
  for (let i = 0; i < 25; i++) await owner.post(path, { name: 'Many' })
  const first = (await owner.get(path)).body
  expect(first.data).toHaveLength(25)
  const rest = (await owner.get(`${path}?cursor=${first.nextCursor}`)).body
  expect(rest).toMatchObject({ data: [expect.anything()], nextCursor: null })
  expect((await owner.get(`${path}?cursor=${first.nextCursor}`)).body, 'a cursor can be used again').toEqual(
    rest,
  )
  expect((await owner.get(`${path}?limit=26`)).body).toMatchObject({ nextCursor: null })
})

it.each(['0', '101', '-1', '1.5', 'abc', '', '1e1', '+5', '01'])('refuses limit=%s', async (limit) => {
  const { owner } = await world.organization()
  expectInvalid(await owner.get(`${path}?limit=${encodeURIComponent(limit)}`), 'limit')
})

it('refuses a cursor that is tampered with, or somebody else’s', async () => {
  const { owner } = await world.organization()
  await owner.post(path, { name: 'Second' })
  const stranger = (await world.organization()).owner
  await stranger.post(path, { name: 'Second' })
  const cursorOf = async (who: typeof owner) => (await who.get(`${path}?limit=1`)).body.nextCursor as string
  const mine = await cursorOf(owner)
  const flipped = (mine.startsWith('A') ? 'B' : 'A') + mine.slice(1)
  const last = mine.slice(0, -1) + (mine.endsWith('A') ? 'E' : 'A')
  const written = Buffer.concat([Buffer.alloc(16), Buffer.from('org_z')]).toString('base64url')
  for (const cursor of [
    flipped,
    last,
    written,
    `${mine}=`,
    `${mine}%20`,
    await cursorOf(stranger),
    '%00',
    'x',
  ])
    expectInvalid(await owner.get(`${path}?cursor=${cursor}`), 'cursor')
})

it('is 401 for nobody', async () => {
  expectRefusal(await world.anonymous.get(path), 'authentication_required')
})

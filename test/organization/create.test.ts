import { expect, it } from 'vitest'
import { anId, aTime, expectInvalid, expectRefusal } from '../support/shapes.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/v1/orgs'

it('makes an organization that I own, on Free, and tells of it', async () => {
  const { owner } = await world.organization()
  const answer = await owner.post(path, { name: ' Second  Shop ', slug: 'second-shop' })
  expect(answer.status).toBe(201)
  expect(answer.body).toEqual({
    id: anId('org'),
    slug: 'second-shop',
    name: 'Second  Shop',
    role: 'owner',
    subscription: { planKey: 'free', status: 'active' },
    createdAt: aTime,
    updatedAt: aTime,
  })
  const { id } = answer.body
  expect((await owner.get(`${path}/${id}`)).body).toEqual(answer.body)
  expect((await world.events(id)).map(({ type, data }) => ({ type, data }))).toEqual([
    {
      type: 'organization.created',
      data: { id, slug: 'second-shop', name: 'Second  Shop', createdAt: answer.body.createdAt },
    },
    {
      type: 'member.added',
      data: {
        userId: owner.id,
        email: owner.email,
        name: null,
        role: 'owner',
        joinedAt: expect.any(String),
      },
    },
  ])
  expect(
    (await world.auditLog(id)).map(({ action, actor_id, target_id }) => [action, actor_id, target_id]),
  ).toEqual([
    ['organization.created', owner.id, id],
    ['member.added', owner.id, owner.id],
  ])
})

it('derives the slug, with a suffix when it is taken', async () => {
  const { owner } = await world.organization()
  const slugs = []
  for (let i = 0; i < 2; i++) slugs.push((await owner.post(path, { name: 'Ångström Ø Ltd.' })).body.slug)
  expect(slugs).toEqual(['angstrom-ltd', expect.stringMatching(/^angstrom-ltd-[0-9a-z]{6}$/)])
})

it('lets one of ten have a slug that all ask for at once', async () => {
  const { owner } = await world.organization()
  const create = () => owner.post(path, { name: 'Race', slug: 'race' })
  const answers = await Promise.all(Array.from({ length: 10 }, create))
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)])
  const refused = answers.find(({ status }) => status === 409)
  if (refused) expectRefusal(refused, 'conflict', [{ path: 'slug', message: 'is taken' }])
})

it.each([
  [{}, 'name'],
  [{ name: '' }, 'name'],
  [{ name: 'x'.repeat(201) }, 'name'],
  [{ name: 'a\u0000' }, 'name'],
  [{ name: 'a\u0085b' }, 'name'],
  [{ name: 5 }, 'name'],
  [{ name: 'a', slug: '' }, 'slug'],
  [{ name: 'a', slug: 'A' }, 'slug'],
  [{ name: 'a', slug: 'a_b' }, 'slug'],
  [{ name: 'a', slug: 'é' }, 'slug'],
  [{ name: 'a', slug: 'a\n' }, 'slug'],
  [{ name: 'a', slug: 'x'.repeat(101) }, 'slug'],
  [{ name: 'a', slug: null }, 'slug'],
])('names the field that it cannot accept: %j', async (body, field) => {
  const { owner } = await world.organization()
  expectInvalid(await owner.post(path, body), field)
})

it('takes slugs of 1 to 100 characters, and refuses unknown fields', async () => {
  const { owner } = await world.organization()
  for (const slug of ['7', 'a-b', 'x'.repeat(100)])
    expect((await owner.post(path, { name: 'Slugs', slug })).body.slug).toBe(slug)
  expect((await owner.post(path, { name: 'a', role: 'owner' })).body.error.code).toBe('invalid_input')
  expectRefusal(await world.anonymous.post(path, { name: 'a' }), 'authentication_required')
})

it('is a conflict for who owns a hundred already: all that they do is written down in each', async () => {
  const { owner } = await world.organization()
  const own = (deletedAt: string) =>
    world.sql(
      `with made as (
         insert into organizations (id, slug, name, deleted_at)
         select new.id, new.id, 'Many', ${deletedAt} from (select 'org_' || gen_random_uuid() as id from generate_series(1, 99)) new
         returning id)
       insert into memberships (id, organization_id, user_id, role) select 'mem_' || id, id, $1, 'owner' from made`,
      [owner.id],
    )
  await own('now()')
  expect((await owner.post(path, { name: 'Second' })).status).toBe(201)
  await world.sql(
    `delete from memberships where user_id = $1 and organization_id in (select id from organizations where name = 'Second')`,
    [owner.id],
  )
  await own('null')
  expectRefusal(await owner.post(path, { name: 'Hundred and first' }), 'conflict')
})

import { expect, it } from 'vitest'
import { newId } from '../../src/lib/ids.ts'
import { anId, aTime, expectInvalid, expectRefusal } from '../support/shapes.ts'
import { type Person, startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/v1/platform/users'

type Found = { id: string; email: string }
const search = async (admin: Person, filters: Record<string, string>): Promise<string[]> => {
  const answer = await admin.get(`${path}?${new URLSearchParams({ limit: '100', ...filters })}`)
  expect(answer.status).toBe(200)
  return answer.body.data.map(({ id }: Found) => id)
}
const named = async (display_name: string): Promise<Person> => {
  const { owner } = await world.organization()
  expect((await owner.patch('/v1/users/me', { display_name })).status).toBe(200)
  return owner
}

it('shows a person with their organizations', async () => {
  const admin = await world.platformAdmin()
  const { owner, ...home } = await world.organization({ name: 'Home' })
  const second = await world.organization({ name: 'Second' })
  await world.sql('insert into memberships (id, organization_id, user_id, role) values ($1, $2, $3, $4)', [
    newId('mem'),
    second.id,
    owner.id,
    'viewer',
  ])
  expect((await admin.get(`${path}?query=${owner.id}`)).body).toEqual({
    data: [
      {
        id: anId('usr'),
        email: owner.email,
        emailVerified: false,
        name: null,
        hasPassword: true,
        disabledAt: null,
        createdAt: aTime,
        lastActiveAt: aTime,
        organizations: [
          { id: second.id, slug: second.slug, name: 'Second', role: 'viewer' },
          { id: home.id, slug: home.slug, name: 'Home', role: 'owner' },
        ],
      },
    ],
    nextCursor: null,
  })
})

it('finds people by the beginnings of words of name and address, in any order and case', async () => {
  const admin = await world.platformAdmin()
  const grace = await named('Grace Brewster Hopper-Murray')
  const [ownWord = '', host = ''] = grace.email.split('@')
  for (const query of [
    'grace',
    'HOPPER gra',
    'murray',
    'brew',
    grace.email,
    `${ownWord}@exam`,
    `(${host}) grace`,
  ])
    expect(await search(admin, { query }), query).toContain(grace.id)
  for (const query of ['race', 'grace lovelace', `${grace.id}x`, 'ratio'])
    expect(await search(admin, { query }), query).not.toContain(grace.id)
})

it('takes what people type as it is, in whatever language', async () => {
  const admin = await world.platformAdmin()
  const odd = await named("O'Größe \\ 山田 | & ! ( <-> :* %_ '; drop table users")
  for (const query of [
    "o'größe",
    'GRÖSSE'.replace('SS', 'ß'),
    '山',
    "'; drop",
    '\\山田',
    ':*größe',
    'o & größe',
  ])
    expect(await search(admin, { query }), query).toContain(odd.id)
  expect(await search(admin, { query: '! größe' }), 'no operators').toContain(odd.id)
  for (const query of ['%', '_', "'", ':*', ' ', '\u0007'])
    expectInvalid(await admin.get(`${path}?query=${encodeURIComponent(query)}`), 'query')
})

it('lists the people of one organization, by id or slug', async () => {
  const admin = await world.platformAdmin()
  const organization = await world.organization()
  const viewer = await world.member(organization, 'viewer')
  for (const reference of [organization.id, organization.slug])
    expect(await search(admin, { organization: reference })).toEqual([viewer.id, organization.owner.id])
  expect(await search(admin, { organization: organization.id, query: viewer.email })).toEqual([viewer.id])
  for (const reference of [newId('org'), 'nobodys'])
    expect(await search(admin, { organization: reference })).toEqual([])
})

it('is paged newest first, with cursors that fit one search', async () => {
  const admin = await world.platformAdmin()
  const people = [await named('Pager One'), await named('Pager Two'), await named('Pager Three')]
  const first = await admin.get(`${path}?query=pager&limit=2`)
  expect(first.body.data.map(({ id }: Found) => id)).toEqual([people[2]?.id, people[1]?.id])
  const rest = await admin.get(`${path}?query=pager&limit=2&cursor=${first.body.nextCursor}`)
  expect(rest.body).toMatchObject({ data: [{ id: people[0]?.id }], nextCursor: null })
  for (const other of ['query=one', 'query=pager&organization=x', ''])
    expectInvalid(await admin.get(`${path}?${other}&cursor=${first.body.nextCursor}`), 'cursor')
  expectInvalid(
    await admin.get(`/v1/platform/organizations?query=pager&cursor=${first.body.nextCursor}`),
    'cursor',
  )
})

it('is for platform admins', async () => {
  const { owner } = await world.organization()
  expectRefusal(await owner.get(path), 'platform_admin_required')
  expectRefusal(await world.anonymous.get(path), 'authentication_required')
})

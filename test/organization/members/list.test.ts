import { expect, it } from 'vitest'
import { listMembersOf } from '../../../src/features/members/queries.ts'
import { newId } from '../../../src/lib/ids.ts'
import { makeApp, signInTo } from '../../support/app-sign-in.ts'
import { countRowsRead } from '../../support/rows-read.ts'
import { aTime, expectRefusal } from '../../support/shapes.ts'
import { type Organization, startWorld } from '../../support/world.ts'

const world = startWorld()
const pathOf = ({ id }: Organization) => `/v1/orgs/${id}/members`

it('shows who belongs to the organization, newest first, and when it last saw them', async () => {
  const organization = await world.organization()
  const { owner } = organization
  await owner.patch('/v1/users/me', { display_name: 'Ada Lovelace' })
  const viewer = await world.member(organization, 'viewer')
  const answer = await owner.get(pathOf(organization))
  expect(answer.status).toBe(200)
  const shown = { joinedAt: aTime, avatarUrl: null }
  expect(answer.body).toEqual({
    data: [
      { userId: viewer.id, email: viewer.email, name: null, role: 'viewer', ...shown, lastActiveAt: null },
      {
        userId: owner.id,
        email: owner.email,
        name: 'Ada Lovelace',
        role: 'owner',
        ...shown,
        lastActiveAt: aTime,
      },
    ],
    nextCursor: null,
  })
})

it('tells of activity here and in its projects, and of none elsewhere', async () => {
  const organization = await world.organization()
  const project = await makeApp(world, organization)
  const [here, inProject, elsewhere, longAgo] = [
    await world.member(organization, 'member'),
    await world.member(organization, 'member'),
    await world.member(organization, 'viewer'),
    await world.member(organization, 'viewer'),
  ]
  await here.get(`/v1/orgs/${organization.id}`)
  await signInTo(world, project, inProject)
  await elsewhere.get('/v1/me')
  await world.sql(
    `update session_organizations set last_seen_at = '2026-01-02T03:04:05.678Z'
     where session_id in (select id from sessions where user_id = $1)`,
    [here.id],
  )
  await world.sql(
    `update memberships set last_active_at = case user_id when $1 then '2026-01-01Z' else '2025-12-31Z' end::timestamptz
     where organization_id = $2 and user_id in ($1, $3)`,
    [here.id, organization.id, longAgo.id],
  )
  const { data } = (await here.get(pathOf(organization))).body
  const lastActive = (id: string) =>
    data.find(({ userId }: { userId: string }) => userId === id)?.lastActiveAt
  expect(lastActive(here.id)).toBe('2026-01-02T03:04:05.678Z')
  expect(lastActive(inProject.id)).toEqual(aTime)
  expect(lastActive(elsewhere.id)).toBeNull()
  expect(lastActive(longAgo.id), 'from sessions that are gone').toBe('2025-12-31T00:00:00.000Z')
})

it('pages without showing one twice or missing one, while others come and go', async () => {
  const organization = await world.organization()
  const add = async () => {
    const [id, email] = [newId('usr'), `${newId('usr')}@example.com`]
    await world.sql('insert into users (id, email) values ($1, $2)', [id, email])
    await world.sql(`insert into memberships values ($1, $2, $3, 'viewer')`, [
      newId('mem'),
      organization.id,
      id,
    ])
    return id
  }
  const present = [organization.owner.id]
  for (let i = 0; i < 6; i++) present.push(await add())
  const gone = await add()
  const seen: string[] = []
  let cursor = ''
  for (let pages = 0; pages < 10; pages++) {
    const { body } = await organization.owner.get(`${pathOf(organization)}?limit=2${cursor}`)
    seen.push(...body.data.map(({ userId }: { userId: string }) => userId))
    if (body.nextCursor === null) break
    cursor = `&cursor=${body.nextCursor}`
    await add()
    await world.sql('delete from memberships where user_id = $1', [gone])
  }
  // Those of one millisecond have no order.
  expect(seen.filter((id) => id !== gone).sort()).toEqual(present.sort())
})

it.each([
  ['owner', true],
  ['admin', true],
  ['member', true],
  ['viewer', true],
  ['billing', false],
] as const)('is shown to %s: %s', async (role, isShown) => {
  const organization = await world.organization()
  const answer = await (await world.member(organization, role)).get(pathOf(organization))
  if (isShown) expect(answer.status).toBe(200)
  else expectRefusal(answer, 'forbidden')
})

it('reads a page of a long list by its index', async () => {
  const organization = await world.organization()
  await world.sql(
    `insert into users (id, email) select 'usr_many' || n, 'many' || n || '@example.com' from generate_series(1, 20000) n`,
  )
  await world.sql(
    `insert into memberships select 'mem_0' || n, $1, 'usr_many' || n, 'viewer' from generate_series(1, 20000) n`,
    [organization.id],
  )
  await world.sql('analyze memberships, users')
  const { read, result } = await world.ctx.db
    .transaction()
    .execute((tx) =>
      countRowsRead(tx, 'memberships', () =>
        listMembersOf(tx, organization.id, { most: 26, before: undefined }),
      ),
    )
  expect(result).toHaveLength(26)
  expect(read).toBeLessThan(500)
})

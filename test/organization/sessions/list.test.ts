import { expect, it } from 'vitest'
import { makeApp, signInTo } from '../../support/app-sign-in.ts'
import { anId, aTime, expectInvalid, expectRefusal } from '../../support/shapes.ts'
import { type Organization, type Person, startWorld } from '../../support/world.ts'

const world = startWorld()
const pathOf = ({ id }: Organization) => `/v1/orgs/${id}/sessions`
const sessionOf = async (person: Person) =>
  (await person.get('/v1/auth/session')).body.user.session_id as string
const listed = async (organization: Organization) =>
  (await organization.owner.get(pathOf(organization))).body.data as { id: string; lastSeenAt: string }[]

it('shows what the organization saw of a session, and no more', async () => {
  const organization = await world.organization()
  const answer = await organization.owner.get(pathOf(organization), { 'user-agent': 'Browser/1' })
  expect(answer.status).toBe(200)
  expect(answer.body).toEqual({
    data: [
      {
        id: await sessionOf(organization.owner),
        user: { id: organization.owner.id, email: organization.owner.email, name: null },
        userAgent: 'Browser/1',
        address: '127.0.0.1',
        firstSeenAt: aTime,
        lastSeenAt: aTime,
        projects: [],
      },
    ],
    nextCursor: null,
  })
})

it('has a session from its first request on, newest first, and none that was never here', async () => {
  const organization = await world.organization()
  const member = await world.member(organization, 'viewer')
  const elsewhere = await world.signIn(member.email)
  await elsewhere.get('/v1/orgs')
  const mine = await sessionOf(organization.owner)
  expect((await listed(organization)).map(({ id }) => id)).toEqual([mine])
  await member.get(`/v1/orgs/${organization.slug}`)
  expect((await listed(organization)).map(({ id }) => id)).toEqual([await sessionOf(member), mine])
})

it('sees people of its projects, members or not, with the projects', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const [one, two] = [await makeApp(world, organization), await makeApp(world, organization)]
  const home = await world.organization()
  await signInTo(world, one, home.owner)
  await signInTo(world, one, home.owner)
  await signInTo(world, two, home.owner)
  const [row] = (await organization.owner.get(pathOf(organization))).body.data.filter(
    ({ user }: { user: { id: string } }) => user.id === home.owner.id,
  )
  expect(row.projects).toEqual([
    { id: one.id, slug: one.slug, name: expect.any(String) },
    { id: two.id, slug: two.slug, name: expect.any(String) },
  ])
  const [atHome] = (await home.owner.get(pathOf(home))).body.data
  expect(atHome, 'another organization sees nothing of it').toMatchObject({ id: row.id, projects: [] })
})

it('forgets a person who left and took their grant back', async () => {
  const organization = await world.organization()
  const project = await makeApp(world, organization)
  const { owner } = await world.organization()
  await signInTo(world, project, owner)
  expect(await listed(organization)).toHaveLength(2)
  await owner.delete(`/v1/me/grants/${project.id}`)
  expect(await listed(organization)).toHaveLength(1)
})

it('shows no session that ended, expired or was not used for a week', async () => {
  const organization = await world.organization()
  const endings = ['revoked_at = now()', 'expires_at = now()', "last_seen_at = now() - interval '8 days'"]
  for (const ending of endings) {
    const again = await world.signIn(organization.owner.email)
    await again.get(`/v1/orgs/${organization.id}`)
    const id = await sessionOf(again)
    expect((await listed(organization)).map((row) => row.id)).toContain(id)
    await world.sql(`update sessions set ${ending} where id = $1`, [id])
    await world.sql(
      "update session_organizations set last_seen_at = now() - interval '8 days' where session_id = $1",
      [id],
    )
    expect((await listed(organization)).map((row) => row.id)).not.toContain(id)
  }
})

it('notes later sights and where from, to the minute', async () => {
  const organization = await world.organization()
  const read = async () => {
    await organization.owner.get(pathOf(organization), { 'user-agent': 'Later/1' })
    await world.ctx.batches.flush()
    const [row] = await world.sql<{ last_seen_at: Date; user_agent: string }>(
      'select last_seen_at, user_agent from session_organizations where organization_id = $1',
      [organization.id],
    )
    return row
  }
  const first = await read()
  expect(await read(), 'within the minute nothing is written').toEqual(first)
  await world.sql(
    "update session_organizations set last_seen_at = now() - interval '2 minutes', user_agent = 'Old/1' where organization_id = $1",
    [organization.id],
  )
  const later = await read()
  expect(later?.user_agent).toBe('Later/1')
  expect(later?.last_seen_at.getTime()).toBeGreaterThanOrEqual(first?.last_seen_at.getTime() ?? 0)
})

it('is paged by key: nothing twice, nothing left out while sessions begin', async () => {
  const organization = await world.organization()
  const began = [await sessionOf(organization.owner)]
  await organization.owner.get(`/v1/orgs/${organization.id}`)
  for (let i = 0; i < 4; i++) {
    const again = await world.signIn(organization.owner.email)
    await again.get(`/v1/orgs/${organization.id}`)
    began.unshift(await sessionOf(again))
  }
  const found: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const query: string = cursor ? `&cursor=${cursor}` : ''
    const { body } = await organization.owner.get(`${pathOf(organization)}?limit=2${query}`)
    found.push(...body.data.map(({ id }: { id: string }) => id))
    cursor = body.nextCursor
    const between = await world.signIn(organization.owner.email)
    await between.get(`/v1/orgs/${organization.id}`)
  }
  expect(found).toEqual(began)
})

it('takes no cursor of another organization', async () => {
  const mine = await world.organization()
  const theirs = await world.organization()
  for (const one of [mine, theirs]) {
    await (await world.signIn(one.owner.email)).get(`/v1/orgs/${one.id}`)
    await one.owner.get(`/v1/orgs/${one.id}`)
  }
  const { nextCursor } = (await theirs.owner.get(`${pathOf(theirs)}?limit=1`)).body
  expect(nextCursor).toEqual(expect.any(String))
  expectInvalid(await mine.owner.get(`${pathOf(mine)}?limit=1&cursor=${nextCursor}`), 'cursor')
})

it('is for owners and admins', async () => {
  const organization = await world.organization()
  expect((await (await world.member(organization, 'admin')).get(pathOf(organization))).status).toBe(200)
  for (const role of ['billing', 'member', 'viewer'] as const)
    expectRefusal(await (await world.member(organization, role)).get(pathOf(organization)), 'forbidden')
  expectRefusal(await (await world.organization()).owner.get(pathOf(organization)), 'not_found')
  expect((await organization.owner.get(pathOf(organization))).body.data[0].id).toEqual(anId('ses'))
})

import { expect, it } from 'vitest'
import { deleteDeliveriesToPurge, purgeOrganizations } from '../../src/features/organizations/queries.ts'
import { keepHouse } from '../../src/housekeeping.ts'
import { expectInvalid, expectRefusal } from '../support/shapes.ts'
import { makeEndpoint, putDelivery } from '../support/webhook-endpoints.ts'
import { whileLocked } from '../support/while-locked.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()

it('ends the organization for its people, keys and apps on their next request', async () => {
  const organization = await world.organization({ name: 'Ending' })
  const { owner, id, slug } = organization
  const project = await world.project(organization)
  const member = await world.member(organization, 'member')
  await member.post('/v1/me/active-organization', { organizationId: id })

  const answer = await owner.delete(`/v1/orgs/${id}`, { confirm: slug })
  expect(answer.status).toBe(204)
  for (const person of [owner, member]) {
    expectRefusal(await person.get(`/v1/orgs/${id}`), 'not_found')
    expectRefusal(await person.get(`/v1/orgs/${slug}/projects`), 'not_found')
    const { user, capabilities } = (await person.get('/v1/auth/session')).body
    expect(user.organization_id).toBeNull()
    expect(capabilities).toEqual({ role: null, permissions: [] })
  }
  expect((await owner.get('/v1/orgs')).body).toEqual({ data: [], nextCursor: null })
  expect((await owner.get('/v1/me')).body.organizations).toEqual([])
  expectRefusal(
    await world.withBearer(project.secretKey).get('/v1/backend/application'),
    'invalid_secret_key',
  )
  expectRefusal(
    await world.withPublishableKey(project.publishableKey).get('/v1/client/config'),
    'application_not_found',
  )
  const [event] = (await world.events(id)).slice(-1)
  expect(event).toMatchObject({
    type: 'organization.deleted',
    organization: { id, slug },
    data: { id, slug, name: 'Ending', createdAt: expect.any(String) },
  })
  expect((await world.auditLog(id)).at(-1)).toMatchObject({
    action: 'organization.deleted',
    actor_id: owner.id,
  })
})

it.each([[undefined], [{}], [{ confirm: '' }], [{ confirm: 'another' }], [{ confirm: true }]])(
  'wants its slug as confirmation: %j',
  async (body) => {
    const { owner, id } = await world.organization()
    const answer = await owner.delete(`/v1/orgs/${id}`, body)
    expect(answer.body.error.code).toBe('invalid_input')
    if (body) expectInvalid(answer, 'confirm')
    expect((await owner.get(`/v1/orgs/${id}`)).status).toBe(200)
  },
)

it('keeps its slug from others until it is purged, 30 days later', async () => {
  const { owner, id, slug } = await world.organization()
  await owner.delete(`/v1/orgs/${id}`, { confirm: slug })
  const again = () => owner.post('/v1/orgs', { name: 'Again', slug })
  expectRefusal(await again(), 'conflict', [{ path: 'slug', message: 'is taken' }])
  await world.sql("update organizations set deleted_at = now() - interval '29 days' where id = $1", [id])
  await purgeOrganizations(world.ctx.db, 10)
  expect((await again()).status).toBe(409)
  await world.sql("update organizations set deleted_at = now() - interval '30 days 1 minute' where id = $1", [
    id,
  ])
  await purgeOrganizations(world.ctx.db, 10)
  expect((await again()).status).toBe(201)
  expect((await world.auditLog(id)).length, 'its history stays').toBeGreaterThan(0)
})

it('is purged once its deliveries are, batch by batch, and keeps no other from being purged', async () => {
  const [large, small, recent] = [
    await world.organization(),
    await world.organization(),
    await world.organization(),
  ]
  const ids = [large.id, small.id, recent.id]
  for (const organization of [large, recent]) {
    const endpoint = await makeEndpoint(organization)
    for (const status of ['pending', 'succeeded', 'failed']) await putDelivery(world, endpoint, status)
  }
  await world.sql(
    `update organizations set deleted_at = now() - case id when $1 then interval '29 days' else interval '31 days' end
     where id = any($2)`,
    [recent.id, ids],
  )
  const left = async () => {
    await purgeOrganizations(world.ctx.db, 10)
    return (await world.sql('select id from organizations where id = any($1) order by id', [ids])).map(
      ({ id }) => id,
    )
  }
  expect(await left()).toEqual([large.id, recent.id].sort())
  expect(await deleteDeliveriesToPurge(world.ctx.db, 2)).toBe(2)
  expect(await left()).toEqual([large.id, recent.id].sort())
  await keepHouse(world.ctx)
  expect(await left()).toEqual([recent.id])
  const kept = await world.sql('select organization_id from webhook_deliveries')
  expect(kept.map(({ organization_id }) => organization_id)).toEqual([recent.id, recent.id, recent.id])
})

it('lets nothing be added to an organization that is being deleted', async () => {
  const organization = await world.organization()
  const { owner, id } = organization
  const statement = 'update organizations set deleted_at = now() where id = $1'
  const [answer] = await whileLocked(world, { statement, values: [id] }, () => [
    owner.post(`/v1/orgs/${id}/projects`, { name: 'Late' }),
  ])
  expect(answer?.status).toBe(404)
  expect(await world.sql('select id from projects where organization_id = $1', [id])).toEqual([])
})

it('happens once when it is asked for twice at once', async () => {
  const { owner, id, slug } = await world.organization()
  const statement = 'select from subscriptions where organization_id = $1 for update'
  const answers = await whileLocked(world, { statement, values: [id] }, () =>
    [1, 2].map(() => owner.delete(`/v1/orgs/${id}`, { confirm: slug })),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([204, 404])
})

import { expect, it } from 'vitest'
import { newId } from '../../../src/lib/ids.ts'
import { expectRefusal, indistinct } from '../../support/shapes.ts'
import { endpointsPath, makeEndpoint, putDelivery } from '../../support/webhook-endpoints.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()

it('lists endpoints newest first, page by page, deleted ones left out', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const { owner } = organization
  const made = []
  for (let i = 0; i < 4; i++) made.push(await makeEndpoint(organization))
  await owner.delete(made[1]?.path ?? '')
  const expected = [made[3], made[2], made[0]].map((endpoint) => endpoint?.shown)
  const path = endpointsPath(organization)
  expect((await owner.get(path)).body).toEqual({ data: expected, nextCursor: null })
  const first = (await owner.get(`${path}?limit=2`)).body
  const second = (await owner.get(`${path}?limit=2&cursor=${first.nextCursor}`)).body
  expect([...first.data, ...second.data]).toEqual(expected)
  expect(second.nextCursor).toBe(null)
  const stranger = await world.organization()
  const foreign = await stranger.owner.get(`${endpointsPath(stranger)}?cursor=${first.nextCursor}`)
  expectRefusal(foreign, 'invalid_input', [{ path: 'cursor', message: 'is not a cursor of this list' }])
})

it('tells how its deliveries fare', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const endpoint = await makeEndpoint(organization)
  const other = await makeEndpoint(organization)
  for (const status of ['pending', 'delivering', 'retrying', 'failed', 'failed', 'succeeded', 'cancelled'])
    await putDelivery(world, endpoint, status)
  await world.sql(
    `update webhook_endpoints set last_success_at = '2026-05-12', last_failure_at = '2026-05-13', failing_since = '2026-05-14'
     where id = $1`,
    [endpoint.id],
  )
  const health = {
    lastSuccessAt: '2026-05-12T00:00:00.000Z',
    lastFailureAt: '2026-05-13T00:00:00.000Z',
    failingSince: '2026-05-14T00:00:00.000Z',
    pending: 3,
    failed: 2,
  }
  const { owner } = organization
  expect((await owner.get(endpoint.path)).body).toEqual({ ...endpoint.shown, health })
  expect((await owner.get(endpointsPath(organization))).body.data).toEqual([
    other.shown,
    { ...endpoint.shown, health },
  ])
})

it('counts so many deliveries and no more, so that its owner can always see it and switch it off', async () => {
  const { organization, id, path } = await makeEndpoint(await world.organization())
  await world.sql(
    `insert into webhook_deliveries (id, organization_id, endpoint_id, event_id, event_type, status, next_attempt_at)
     select $2 || status || n, $1, $2, $2 || status || n, 'user.created', status, next_attempt_at
     from (values ('pending', now()), ('failed', null)) kind (status, next_attempt_at), generate_series(1, 100001) n`,
    [organization.id, id],
  )
  expect((await organization.owner.get(path)).body.health).toMatchObject({
    pending: 100_000,
    failed: 100_000,
  })
  const off = await organization.owner.patch(path, { enabled: false })
  expect(off.body).toMatchObject({ enabled: false, health: { pending: 80_001, failed: 100_000 } })
})

it('is unknown to other organizations, on every route, as one that does not exist', async () => {
  const mine = await world.organization()
  const theirs = await makeEndpoint(await world.organization())
  const routes = [
    ['GET', ''],
    ['PATCH', '', { enabled: false }],
    ['DELETE', ''],
    ['POST', '/rotate-secret', {}],
  ] as const
  for (const [method, rest, body] of routes) {
    const ask = async (id: string) =>
      indistinct(
        await mine.owner.call({
          method,
          path: `${endpointsPath(mine)}/${id}${rest}`,
          body: body ?? undefined,
        }),
      )
    const unknown = await ask(newId('whe'))
    expect(unknown.status).toBe(404)
    for (const id of [theirs.id, 'whe_x', '%00', theirs.id.toUpperCase()])
      expect(await ask(id)).toEqual(unknown)
  }
  expect((await theirs.organization.owner.get(theirs.path)).body).toEqual(theirs.shown)
})

it.each(['billing', 'member', 'viewer'] as const)('is not for the role %s', async (role) => {
  const { path, organization } = await makeEndpoint(await world.organization())
  const somebody = await world.member(organization, role)
  expectRefusal(await somebody.get(endpointsPath(organization)), 'forbidden')
  expectRefusal(await somebody.get(path), 'forbidden')
  expectRefusal(await somebody.patch(path, { enabled: false }), 'admin_required')
  expectRefusal(await somebody.post(`${path}/rotate-secret`), 'admin_required')
})

import { beforeEach, describe, expect, it } from 'vitest'
import { newId } from '../../../src/lib/ids.ts'
import { expectInvalid, expectRefusal, indistinct } from '../../support/shapes.ts'
import {
  deliveryRow,
  leaveDelivery,
  type MadeDelivery,
  makeDelivery,
} from '../../support/webhook-deliveries.ts'
import { deliveriesTo, type Endpoint, endpointsPath, makeEndpoint } from '../../support/webhook-endpoints.ts'
import { whileLocked } from '../../support/while-locked.ts'
import { type Organization, startWorld } from '../../support/world.ts'

const world = startWorld()
let organization: Organization
let endpoint: Endpoint

beforeEach(async () => {
  organization = await world.organization({ plan: 'pro' })
  endpoint = await makeEndpoint(organization, { eventTypes: ['project.created'] })
})

const longAgo = '2026-01-01T00:00:00Z'
const replay = (body: Record<string, unknown> = {}, headers = {}) =>
  organization.owner.post(`${endpoint.path}/replay`, { from: longAgo, ...body }, headers)

/** Counts without a trace, then replays, which comes to the same. */
async function replayed(body: Record<string, unknown> = {}): Promise<number> {
  const before = await deliveriesTo(world, endpoint)
  const counted = await replay({ ...body, dryRun: true })
  expect(counted.status).toBe(200)
  expect(await deliveriesTo(world, endpoint)).toEqual(before)
  const answer = await replay(body)
  expect(answer.status).toBe(202)
  expect(answer.body).toEqual(counted.body)
  return answer.body.count
}

const left = async (status: string, attempts = 1): Promise<MadeDelivery> => {
  const made = await makeDelivery(world, organization, endpoint)
  await leaveDelivery(world, made.id, status, attempts)
  return made
}
async function rowsOf(made: MadeDelivery[]) {
  const rows = []
  for (const { id } of made) rows.push(await deliveryRow(world, id))
  return rows
}
const statusesOf = async (...made: MadeDelivery[]) => {
  const rows = await rowsOf(made)
  return rows.map((row) => row?.status)
}

it('sends what failed or was cancelled again, in the order of the events', async () => {
  const ended = [await left('failed', 10), await left('cancelled', 0), await left('failed', 10)]
  const others = [await left('succeeded'), await left('pending', 0), await left('retrying', 2)]
  const untouched = await rowsOf(others)
  expect(await replayed()).toBe(3)
  expect(await statusesOf(...ended)).toEqual(['retrying', 'pending', 'retrying'])
  expect(await deliveryRow(world, ended[0]?.id ?? '')).toEqual({
    status: 'retrying',
    attempts: 10,
    is_due: true,
    lease_token: null,
    completed_at: null,
  })
  expect(await rowsOf(others)).toEqual(untouched)
  const due = await world.sql(
    'select id from webhook_deliveries where endpoint_id = $1 and next_attempt_at <= now() order by next_attempt_at',
    [endpoint.id],
  )
  expect(due.map(({ id }) => id)).toEqual(ended.map(({ id }) => id))
  expect(await replayed()).toBe(0)
})

it('sends all again, and what was there before the endpoint: one delivery per event', async () => {
  const early = await makeEndpoint(organization, { eventTypes: ['project.created'] })
  const seen = [await left('succeeded'), await left('failed', 10)]
  const open = [await left('retrying', 2), await left('delivering', 1)]
  const late = await makeEndpoint(organization, { eventTypes: ['project.created'] })
  const bodies = await world.events(organization.id)
  const events = bodies.filter(({ type }) => type === 'project.created').map(({ id }) => id)
  expect(await replayed({ status: 'all' })).toBe(2)
  expect(await statusesOf(...seen)).toEqual(['retrying', 'retrying'])
  expect(await statusesOf(...open)).toEqual(['retrying', 'delivering'])

  endpoint = late
  expect(await replayed({ status: 'failed' })).toBe(0)
  expect(await replayed({ status: 'all' })).toBe(4)
  const rows = await world.sql(
    `select id, event_id, event_type, status, attempts from webhook_deliveries
     where endpoint_id = $1 order by next_attempt_at`,
    [late.id],
  )
  expect(rows.map(({ event_id }) => event_id)).toEqual(events)
  for (const row of rows)
    expect(row).toMatchObject({
      id: expect.stringMatching(/^dlv_[0-9a-hjkmnp-tv-z]{26}$/),
      event_type: 'project.created',
      status: 'pending',
      attempts: 0,
    })
  expect(await replayed({ status: 'all' })).toBe(0)
  const newest = (await organization.owner.get(`/v1/orgs/${organization.id}/webhook-deliveries?limit=4`)).body
  expect(newest.data.map(({ endpointId }: { endpointId: string }) => endpointId)).toEqual([
    late.id,
    late.id,
    late.id,
    late.id,
  ])
  expect((await deliveriesTo(world, early)).size).toBe(4)
})

it('sends events of the time alone: from its beginning on, and before its end', async () => {
  const made = [await left('failed'), await left('failed'), await left('failed')]
  for (const [i, { eventId }] of made.entries())
    await world.sql('update events set occurred_at = $2 where id = $1', [
      eventId,
      `2026-05-12T00:00:0${i}.000Z`,
    ])
  const from = '2026-05-12T00:00:01.000Z'
  expect(await replayed({ from, to: '2026-05-12T02:00:02.000+02:00' })).toBe(1)
  expect(await statusesOf(...made)).toEqual(['failed', 'retrying', 'failed'])
  expect(await replayed({ from })).toBe(1)
  expect(await statusesOf(...made)).toEqual(['failed', 'retrying', 'retrying'])
})

describe('sends what the endpoint wants', () => {
  const wantedOf = async (body: Record<string, unknown>) => {
    endpoint = await makeEndpoint(organization, body)
    await world.sql('delete from webhook_deliveries where endpoint_id = $1', [endpoint.id])
    await replayed({ status: 'all' })
    const rows = await world.sql<{ id: string; type: string; project_id: string | null }>(
      `select event.id, event.type, event.project_id from webhook_deliveries join events event on event.id = event_id
       where endpoint_id = $1 order by event.sequence`,
      [endpoint.id],
    )
    return rows
  }

  it('by type, as deliveries are made, and nobody’s tests', async () => {
    await organization.owner.post(`${endpoint.path}/test`)
    await world.project(organization)
    const all = (await world.events(organization.id)).map(({ type }) => type)
    expect(all).toContain('webhook.test')
    const some = (fits: (type: string) => boolean) => all.filter((type) => fits(type))
    const typesOf = async (eventTypes: string[]) => (await wantedOf({ eventTypes })).map(({ type }) => type)
    expect(await typesOf(['project.*'])).toEqual(some((type) => type.startsWith('project.')))
    expect(await typesOf(['member.added', 'project.created'])).toEqual(
      some((type) => ['member.added', 'project.created'].includes(type)),
    )
    const everything = await typesOf(['*'])
    const made = ['webhook_endpoint.created', 'webhook_endpoint.created', 'webhook_endpoint.created']
    expect(everything).toEqual([...some((type) => type !== 'webhook.test'), ...made])
  })

  it('by project', async () => {
    const [one] = [await world.project(organization), await world.project(organization)]
    const rows = await wantedOf({ eventTypes: ['project.created'], projectId: one.id })
    expect(rows.map(({ project_id }) => project_id)).toEqual([one.id])
  })
})

it('is put on record, and no event', async () => {
  await left('failed')
  const events = await world.events(organization.id)
  await replay({ to: '2030-01-01T00:00:00Z' })
  const row = (await world.auditLog(organization.id)).at(-1)
  expect(row).toMatchObject({ action: 'webhook_endpoint.events_replayed', target_id: endpoint.id })
  expect(JSON.parse(row?.details ?? '').data).toEqual({
    id: endpoint.id,
    from: '2026-01-01T00:00:00.000Z',
    to: '2030-01-01T00:00:00.000Z',
    status: 'failed',
    count: 1,
  })
  expect(await world.events(organization.id)).toEqual(events)
})

it('wakes the worker, unless it only counts', async () => {
  const made = await left('failed')
  const seen: Promise<unknown>[] = []
  const stop = world.ctx.deliveriesMade.listen(() => seen.push(deliveryRow(world, made.id)))
  await replay({ dryRun: true })
  expect(seen).toEqual([])
  await replay()
  stop()
  expect(await Promise.all(seen)).toMatchObject([{ is_due: true }])
})

it('happens once per Idempotency-Key', async () => {
  const made = await left('failed')
  const headers = { 'idempotency-key': 'once' }
  expect((await replay({}, headers)).body).toEqual({ count: 1 })
  await leaveDelivery(world, made.id, 'failed', 2)
  const again = await replay({}, headers)
  expect([again.status, again.body, again.headers['idempotent-replayed']]).toEqual([
    202,
    { count: 1 },
    'true',
  ])
  expect(await statusesOf(made)).toEqual(['failed'])
  expectRefusal(await replay({ status: 'all' }, headers), 'idempotency_conflict')
})

it('sends 5,000 at once, and of more says up to where', async () => {
  await world.sql(
    `insert into events (stream_id, sequence, id, type, occurred_at, data)
     select $1, 1000000 + n, 'evt_' || $1 || n, 'project.created', '2026-05-12'::timestamptz + n * interval '1 second', '{}'
     from generate_series(1, 5001) n`,
    [organization.id],
  )
  const whole = { status: 'all', to: '2026-06-01T00:00:00Z' }
  const end = '2026-05-12T01:23:21.000Z'
  const refusals = [await replay({ ...whole, dryRun: true }), await replay(whole)]
  for (const answer of refusals) {
    expectInvalid(answer, 'to')
    expect(answer.body.error.details[0].message).toContain(end)
  }
  expect((await deliveriesTo(world, endpoint)).size).toBe(0)
  expect(await replayed({ ...whole, to: end })).toBe(5_000)
  expect(await replayed({ ...whole, from: end })).toBe(1)
  expect((await deliveriesTo(world, endpoint)).size).toBe(5_001)
})

it.each([
  ['from', { from: undefined }],
  ['from', { from: 'yesterday' }],
  ['to', { to: '2026-05-12' }],
  ['to', { to: longAgo }],
  ['status', { status: 'succeeded' }],
  ['dryRun', { dryRun: 'yes' }],
])('refuses a wrong %s', async (field, body) => {
  expectInvalid(await replay(body), field)
})

it('is refused while the endpoint is disabled, as is counting', async () => {
  const made = await left('failed')
  await organization.owner.patch(endpoint.path, { enabled: false })
  expectRefusal(await replay(), 'conflict')
  expectRefusal(await replay({ dryRun: true }), 'conflict')
  expect(await statusesOf(made)).toEqual(['failed'])
})

it('is unknown to other organizations as one that does not exist', async () => {
  const mine = await world.organization()
  for (const dryRun of [true, false]) {
    const ask = async (id: string) =>
      indistinct(await mine.owner.post(`${endpointsPath(mine)}/${id}/replay`, { from: longAgo, dryRun }))
    const unknown = await ask(newId('whe'))
    expect(unknown.status).toBe(404)
    for (const id of [endpoint.id, 'whe_x', '%00']) expect(await ask(id)).toEqual(unknown)
  }
})

it.each(['billing', 'member', 'viewer'] as const)('is not for the role %s', async (role) => {
  const somebody = await world.member(organization, role)
  const answer = await somebody.post(`${endpoint.path}/replay`, { from: longAgo, dryRun: true })
  expectRefusal(answer, 'admin_required')
})

describe('while others change the same', () => {
  const held = () => ({
    statement: 'select from webhook_endpoints where id = $1 for update',
    values: [endpoint.id],
  })

  it.each(['disable', 'delete'])('leaves nothing open when it meets a %s', async (other) => {
    const { owner } = organization
    const made = [await left('failed'), await left('retrying', 1)]
    const end = () =>
      other === 'delete' ? owner.delete(endpoint.path) : owner.patch(endpoint.path, { enabled: false })
    const [answer, ended] = await whileLocked(world, held(), () => [replay({ status: 'all' }), end()])
    expect(ended?.status).toBe(other === 'delete' ? 204 : 200)
    expect([202, other === 'delete' ? 404 : 409]).toContain(answer?.status)
    const open = [...(await deliveriesTo(world, endpoint)).values()].filter((row) => row.open)
    expect(open).toEqual([])
    expect((await statusesOf(...made))[1]).toBe('cancelled')
  })

  it('makes one delivery per event, however many replays come at once', async () => {
    await left('failed')
    const late = await makeEndpoint(organization, { eventTypes: ['project.created'] })
    endpoint = late
    const answers = await whileLocked(world, held(), () =>
      Array.from({ length: 4 }, () => replay({ status: 'all' })),
    )
    expect(answers.map(({ status, body }) => [status, body.count]).sort()).toEqual([
      [202, 0],
      [202, 0],
      [202, 0],
      [202, 1],
    ])
    expect((await deliveriesTo(world, late)).size).toBe(1)
  })

  it('does not take what a retry made due and the worker has', async () => {
    const made = await left('failed', 10)
    const claim = {
      statement: `update webhook_deliveries set status = 'delivering', attempts = 11, lease_token = gen_random_uuid(),
        next_attempt_at = now() + interval '1 minute' where id = $1`,
      values: [made.id],
    }
    const [answer] = await whileLocked(world, claim, () => [replay()])
    expect(answer?.body).toEqual({ count: 0 })
    expect(await deliveryRow(world, made.id)).toMatchObject({
      status: 'delivering',
      lease_token: expect.any(String),
    })
  })
})

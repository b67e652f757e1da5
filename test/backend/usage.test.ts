import { describe, expect, it } from 'vitest'
import { tellUsage } from '../../src/features/usage/tell-usage.ts'
import { expectInvalid, expectRefusal } from '../support/shapes.ts'
import { whileLocked } from '../support/while-locked.ts'
import { type Organization, type Project, startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/v1/backend/usage'
const thisMonth = () => new Date().toISOString().slice(0, 7)
const report = ({ secretKey }: Project, body: unknown) => world.withBearer(secretKey).post(path, body)
const requests = (quantity: number, more: object = {}) => ({ metric: 'api_requests', quantity, ...more })
const limitsTold = async ({ id }: Organization) =>
  (await world.events(id)).filter(({ type }) => type === 'subscription.limit_reached').map(({ data }) => data)

async function household() {
  const organization = await world.organization({ plan: 'pro' })
  return { organization, project: await world.project(organization) }
}
const counters = async ({ id, owner }: Organization) =>
  (await owner.get(`/v1/orgs/${id}/usage`)).body.data.filter(
    ({ metric }: { metric: string }) => metric === 'api_requests',
  )

it('adds to the counter of this month and answers with it', async () => {
  const { organization, project } = await household()
  const other = await world.project(organization)
  const month = thisMonth()
  const first = await report(project, requests(3))
  expect([first.status, first.body]).toEqual([
    200,
    { metric: 'api_requests', month, projectId: project.id, quantity: 3 },
  ])
  expect((await report(project, requests(4))).body.quantity).toBe(7)
  expect((await report(other, requests(1))).body.quantity).toBe(1)
  const projects = [
    { id: project.id, quantity: 7 },
    { id: other.id, quantity: 1 },
  ]
  expect(await counters(organization)).toEqual([
    { metric: 'api_requests', month, quantity: 8, projects: expect.arrayContaining(projects) },
  ])
})

it('begins anew with a new month', async () => {
  const { organization, project } = await household()
  await report(project, requests(5))
  await world.sql(`update usage_counters set month = '2026-05' where organization_id = $1`, [organization.id])
  expect((await report(project, requests(2))).body).toMatchObject({ month: thisMonth(), quantity: 2 })
})

it.each([
  ['no metric', { quantity: 1 }, 'metric'],
  ['a metric that is not registered', { metric: 'projects', quantity: 1 }, 'metric'],
  ['nothing', requests(0), 'quantity'],
  ['less than nothing', requests(-1), 'quantity'],
  ['a part', requests(0.5), 'quantity'],
  ['more than a million at once', requests(1_000_001), 'quantity'],
  ['a text', { metric: 'api_requests', quantity: '1' }, 'quantity'],
  ['an empty key', requests(1, { idempotencyKey: '' }), 'idempotencyKey'],
  ['a key with a line break', requests(1, { idempotencyKey: 'a\nb' }), 'idempotencyKey'],
  ['a field that is none', requests(1, { projectId: 'app_1' }), 'projectId'],
])('refuses %s', async (_what, body, field) => {
  const { organization, project } = await household()
  expectInvalid(await report(project, body), field)
  expect(await counters(organization)).toEqual([])
})

it('counts as far as a number goes, and no further', async () => {
  const { organization, project } = await household()
  await report(project, requests(1))
  await world.sql('update usage_counters set quantity = $2 where organization_id = $1', [
    organization.id,
    Number.MAX_SAFE_INTEGER - 1,
  ])
  for (let i = 0; i < 2; i++)
    expect((await report(project, requests(5))).body.quantity).toBe(Number.MAX_SAFE_INTEGER)
})

it('loses and doubles none of many that come at once, from several projects', async () => {
  const { organization, project } = await household()
  const other = await world.project(organization)
  const statement = 'select from usage_counters where organization_id = $1 for update'
  await report(project, requests(1))
  await report(other, requests(1))
  const answers = await whileLocked(world, { statement, values: [organization.id] }, () =>
    Array.from({ length: 12 }, (_, i) => report(i % 2 ? project : other, requests(i))).slice(1),
  )
  expect(answers.map(({ status }) => status)).toEqual(Array(11).fill(200))
  const [{ quantity, projects }] = await counters(organization)
  expect([quantity, projects.map((each: { quantity: number }) => each.quantity).sort()]).toEqual([
    68,
    [31, 37],
  ])
})

describe('an idempotency key', () => {
  it('counts once and gives the same answer, later reports aside', async () => {
    const { organization, project } = await household()
    const first = await report(project, requests(3, { idempotencyKey: 'batch 1' }))
    expect(first.headers).not.toHaveProperty('idempotent-replayed')
    await report(project, requests(10))
    const again = await report(project, requests(3, { idempotencyKey: 'batch 1' }))
    expect([again.status, again.text]).toEqual([200, first.text])
    expect(again.headers['idempotent-replayed']).toBe('true')
    expect((await counters(organization))[0].quantity).toBe(13)
  })

  it('counts once of ten that come at once, whichever is first', async () => {
    const { organization, project } = await household()
    await report(project, requests(1))
    const statement = 'select from usage_counters where organization_id = $1 for update'
    const answers = await whileLocked(world, { statement, values: [organization.id] }, () =>
      Array.from({ length: 10 }, () => report(project, requests(3, { idempotencyKey: 'twins' }))),
    )
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'])).toHaveLength(9)
    expect((await counters(organization))[0].quantity).toBe(4)
  })

  it('is refused for another report, and is each project’s own', async () => {
    const { organization, project } = await household()
    const other = await world.project(organization)
    await report(project, requests(3, { idempotencyKey: 'same' }))
    for (const body of [requests(4), { metric: 'monthly_sessions', quantity: 3 }])
      expectRefusal(await report(project, { ...body, idempotencyKey: 'same' }), 'idempotency_conflict')
    expect((await report(other, requests(4, { idempotencyKey: 'same' }))).status).toBe(200)
    expect((await counters(organization))[0].quantity).toBe(7)
  })

  it('outlives the key that it was sent with, and a subscription that ended since', async () => {
    const { organization, project } = await household()
    const body = requests(3, { idempotencyKey: 'kept' })
    const first = await report(project, body)
    const rotated = await organization.owner.post(
      `/v1/orgs/${organization.id}/projects/${project.id}/rotate-secret`,
      {},
    )
    await world.sql(`update subscriptions set status = 'expired' where organization_id = $1`, [
      organization.id,
    ])
    const again = await report({ ...project, secretKey: rotated.body.secretKey }, body)
    expect([again.status, again.text]).toEqual([200, first.text])
  })

  it('is free again after a day, for another report too, and is then kept for a day', async () => {
    const { organization, project } = await household()
    const nightly = (quantity: number) => report(project, requests(quantity, { idempotencyKey: 'nightly' }))
    const grow = (age: string) =>
      world.sql(
        'update usage_records set created_at = created_at - $2::interval where organization_id = $1',
        [organization.id, age],
      )
    await nightly(3)
    await grow('23 hours')
    expect((await nightly(3)).headers['idempotent-replayed']).toBe('true')
    await grow('1 hour')
    const statement = 'select from usage_records where organization_id = $1 for update'
    const answers = await whileLocked(world, { statement, values: [organization.id] }, () =>
      Array.from({ length: 3 }, () => nightly(4)),
    )
    expect(answers.map(({ status, body }) => [status, body.quantity])).toEqual(Array(3).fill([200, 7]))
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'])).toHaveLength(2)
    expectRefusal(await nightly(3), 'idempotency_conflict')
    expect((await counters(organization))[0].quantity).toBe(7)
  })

  it('is free again where the report was refused', async () => {
    const { organization, project } = await household()
    const set = (status: string) =>
      world.sql('update subscriptions set status = $2 where organization_id = $1', [organization.id, status])
    await set('inactive')
    const body = requests(3, { idempotencyKey: 'refused' })
    expectRefusal(await report(project, body), 'subscription_inactive')
    expect(await counters(organization)).toEqual([])
    await set('active')
    expect((await report(project, body)).body.quantity).toBe(3)
  })
})

it('is refused to other keys, and to disabled projects', async () => {
  const { organization, project } = await household()
  expectRefusal(await world.anonymous.post(path, requests(1)), 'invalid_secret_key')
  await organization.owner.patch(`/v1/orgs/${organization.id}/projects/${project.id}`, { status: 'disabled' })
  expectRefusal(await report(project, requests(1)), 'application_disabled')
})

describe('the guide of monthly sessions', () => {
  const sessions = (quantity: number) => ({ metric: 'monthly_sessions', quantity })
  /** What is counted besides, so that the numbers below are what is reported. */
  async function counting() {
    const { organization, project } = await household()
    await world.ctx.batches.flush()
    await report(project, sessions(1))
    await world.sql(
      `update usage_counters set quantity = 0 where organization_id = $1 and metric = 'monthly_sessions'`,
      [organization.id],
    )
    return { organization, project }
  }

  it('is told of at 80 and at 100 % once, and refuses nothing', async () => {
    const { organization, project } = await counting()
    await report(project, sessions(79_999))
    expect(await limitsTold(organization)).toEqual([])
    await report(project, sessions(1))
    const told = { limit: 'monthlySessions', most: 100_000, planKey: 'pro', month: thisMonth() }
    expect(await limitsTold(organization)).toEqual([{ ...told, percent: 80, used: 80_000 }])
    await report(project, sessions(19_999))
    expect(await limitsTold(organization)).toHaveLength(1)
    for (let i = 0; i < 3; i++) expect((await report(project, sessions(10))).status).toBe(200)
    expect((await limitsTold(organization)).at(-1)).toEqual({ ...told, percent: 100, used: 100_009 })
    expect(await limitsTold(organization)).toHaveLength(2)
  })

  it('is told of once by many who reach it together from several projects, none of them alone', async () => {
    const { organization, project } = await counting()
    const other = await world.project(organization)
    await report(other, sessions(1))
    const statement = `select from usage_counters where organization_id = $1 and project_id = '' for update`
    await whileLocked(world, { statement, values: [organization.id] }, () => [
      report(project, sessions(40_000)),
      report(other, sessions(40_000)),
    ])
    expect((await limitsTold(organization)).map(({ percent }) => percent)).toEqual([80])
  })

  it('is told of by a lower plan that comes while a session is counted', async () => {
    const { organization, project } = await counting()
    const admin = await world.platformAdmin()
    await report(project, sessions(900))
    const statement = `select from usage_counters where organization_id = $1 and project_id = '' for update`
    await whileLocked(world, { statement, values: [organization.id] }, () => [
      report(project, sessions(100)),
      admin.patch(`/v1/platform/organizations/${organization.id}/subscription`, { planKey: 'free' }),
    ])
    const ofSessions = (await limitsTold(organization)).filter(({ limit }) => limit === 'monthlySessions')
    expect(ofSessions.map(({ percent, most }) => [percent, most])).toEqual([
      [80, 1_000],
      [100, 1_000],
    ])
  })
})

describe('usage.recorded', () => {
  const told = async ({ id }: Organization) =>
    (await world.events(id)).filter(({ type }) => type === 'usage.recorded').map(({ data }) => data)
  const aMinuteLater = () =>
    world.sql(`update usage_counters set untold_since = untold_since - interval '61 seconds'`)

  it('tells once a minute of all that was reported since', async () => {
    const { organization, project } = await household()
    await report(project, requests(3))
    await report(project, requests(4))
    await tellUsage(world.ctx, 100)
    expect(await told(organization)).toEqual([])
    await aMinuteLater()
    await tellUsage(world.ctx, 100)
    await tellUsage(world.ctx, 100)
    const data = { metric: 'api_requests', month: thisMonth(), projectId: project.id }
    expect(await told(organization)).toEqual([{ ...data, quantity: 7, counter: 7 }])
    await report(project, requests(5))
    await aMinuteLater()
    await tellUsage(world.ctx, 100)
    expect((await told(organization)).at(-1)).toEqual({ ...data, quantity: 5, counter: 12 })
  })

  it('tells once where two replicas tell at once', async () => {
    const { organization, project } = await household()
    await report(project, requests(3))
    await aMinuteLater()
    const statement = 'select from streams where id = $1 for update'
    const [both] = await whileLocked(world, { statement, values: [organization.id] }, () => [
      Promise.all([tellUsage(world.ctx, 100), tellUsage(world.ctx, 100)]),
    ])
    expect(both?.sort()).toEqual([0, 1])
    expect((await told(organization)).map(({ quantity }) => quantity)).toEqual([3])
  })
})

import { describe, expect, it } from 'vitest'
import { newId } from '../../../src/lib/ids.ts'
import { aTime, expectInvalid, expectRefusal } from '../../support/shapes.ts'
import { whileLocked } from '../../support/while-locked.ts'
import { type Organization, type Person, startWorld } from '../../support/world.ts'

const world = startWorld()
const soon = new Date(Date.now() + 86_400_000).toISOString()
const override = (more: object = {}) => ({
  limit: 'projects',
  value: 4,
  owner: 'Sales',
  reason: 'Trial of the new console',
  expiresAt: soon,
  ...more,
})
const free = { projects: 2, users: 3, webhookEndpoints: 1, monthlySessions: 1_000 }

async function household() {
  const organization = await world.organization()
  return { organization, admin: await world.platformAdmin(), path: pathOf(organization.id) }
}
const pathOf = (org: string) => `/v1/platform/organizations/${org}/subscription`
const read = async ({ owner, id }: Organization) => (await owner.get(`/v1/orgs/${id}/subscription`)).body
const set = async (admin: Person, organization: Organization, body: unknown) => {
  const answer = await admin.patch(pathOf(organization.id), body)
  expect(answer.status).toBe(200)
  return answer.body
}
const create = ({ owner, id }: Organization, name = 'One more') =>
  owner.post(`/v1/orgs/${id}/projects`, { name })

it('sets what is given, by id and by slug, and answers as the organization reads it', async () => {
  const { organization, admin, path } = await household()
  const body = {
    planKey: 'pro',
    status: 'trialing',
    seatLimit: 7,
    currentPeriodStart: '2026-05-01T00:00:00.000Z',
    currentPeriodEnd: '2026-06-01T00:00:00.000Z',
    overrides: [override({ limit: 'webhookEndpoints', value: 40 })],
  }
  const answer = await admin.patch(path, body)
  expect(answer.status).toBe(200)
  expect(answer.body).toEqual({
    ...body,
    limits: { projects: 25, users: 7, webhookEndpoints: 40, monthlySessions: 100_000 },
    usage: { projects: 0, users: 1, webhookEndpoints: 0, monthlySessions: expect.any(Number) },
  })
  const { usage, ...shown } = await read(organization)
  expect(answer.body).toEqual({ ...shown, usage: { ...usage, monthlySessions: expect.any(Number) } })
  const bySlug = await admin.patch(pathOf(organization.slug), { seatLimit: null, currentPeriodEnd: null })
  expect(bySlug.body).toMatchObject({ planKey: 'pro', seatLimit: null, currentPeriodEnd: null })
  expect(bySlug.body.limits.users).toBe(10_000)
})

it('puts on record who did it, what there was and what there is, for the organization too', async () => {
  const { organization, admin, path } = await household()
  await admin.patch(path, { planKey: 'pro', overrides: [override()] })
  await admin.patch(path, { status: 'cancelled', overrides: [] })
  const [first, second] = (await world.auditLog(organization.id)).slice(-2)
  const of = { action: 'subscription.updated', actor_kind: 'user', actor_id: admin.id }
  expect(first).toMatchObject({ ...of, target_id: organization.id })
  expect(JSON.parse(first?.details ?? '')).toMatchObject({
    platformAdmin: true,
    data: { planKey: 'pro', status: 'active', overrides: [override()] },
    previous: { planKey: 'free', overrides: [], limits: free },
  })
  const event = (await world.events(organization.id)).at(-1)
  expect(event?.type).toBe('subscription.updated')
  expect(event?.data).toEqual({
    planKey: 'pro',
    status: 'cancelled',
    seatLimit: null,
    currentPeriodStart: aTime,
    currentPeriodEnd: null,
    limits: { projects: 25, users: 10_000, webhookEndpoints: 25, monthlySessions: 100_000 },
    overrides: [],
    previous: { status: 'active', overrides: [override()], limits: expect.objectContaining({ projects: 4 }) },
  })
  expect(JSON.parse(second?.details ?? '')).toMatchObject({ data: { status: 'cancelled' } })
  expect((await organization.owner.get('/v1/me')).body.organizations[0].subscription).toEqual({
    planKey: 'pro',
    status: 'cancelled',
  })
})

describe('refuses an override', () => {
  const at = (field: string) => `overrides.0.${field}`
  it.each([
    ['without an owner', { owner: undefined }, at('owner')],
    ['of an empty owner', { owner: ' ' }, at('owner')],
    ['without a reason', { reason: undefined }, at('reason')],
    ['with an empty reason', { reason: '\u2003' }, at('reason')],
    ['without an end', { expiresAt: undefined }, at('expiresAt')],
    ['that never ends', { expiresAt: null }, at('expiresAt')],
    ['that has ended', { expiresAt: '2020-01-01T00:00:00.000Z' }, at('expiresAt')],
    ['that ends at no time', { expiresAt: 'soon' }, at('expiresAt')],
    ['of an unknown limit', { limit: 'seats' }, at('limit')],
    ['below nothing', { value: -1 }, at('value')],
    ['beyond what is counted', { value: 1_000_000_001 }, at('value')],
    ['of a part', { value: 1.5 }, at('value')],
    ['with more fields', { note: 'x' }, at('note')],
  ])('%s', async (_what, fields, path) => {
    const { organization, admin } = await household()
    const before = await read(organization)
    const answer = await admin.patch(pathOf(organization.id), { overrides: [override(fields)] })
    expectInvalid(answer, path)
    expect(await read(organization)).toEqual(before)
  })

  it('of a limit that another one is of', async () => {
    const { admin, path } = await household()
    expectInvalid(await admin.patch(path, { overrides: [override(), override({ value: 5 })] }), 'overrides')
  })
})

it('takes overrides without an end for Scale alone, and no other plan while there are such', async () => {
  const { organization, admin, path } = await household()
  const endless = override({ expiresAt: null, value: 400 })
  const scale = await set(admin, organization, { planKey: 'scale', overrides: [endless] })
  expect(scale).toMatchObject({ limits: { projects: 400 }, overrides: [endless] })
  expectInvalid(await admin.patch(path, { planKey: 'pro' }), 'overrides.0.expiresAt')
  expect(await read(organization)).toMatchObject({ planKey: 'scale', overrides: [endless] })
  expect((await set(admin, organization, { planKey: 'pro', overrides: [] })).limits.projects).toBe(25)
})

it.each([
  ['nothing', {}, ''],
  ['an unknown plan', { planKey: 'gold' }, 'planKey'],
  ['an unknown state', { status: 'paused' }, 'status'],
  ['no seat', { seatLimit: 0 }, 'seatLimit'],
  [
    'a period that ends before it begins',
    { currentPeriodEnd: '2020-01-01T00:00:00.000Z' },
    'currentPeriodEnd',
  ],
  ['a field that is none', { status: 'active', plan: 'pro' }, 'plan'],
])('refuses %s', async (_what, body, path) => {
  const { organization, admin } = await household()
  const before = await world.auditLog(organization.id)
  expectInvalid(await admin.patch(pathOf(organization.id), body), path)
  expect(await world.auditLog(organization.id)).toEqual(before)
})

it.each(['Nobody', 'no-such-org', newId('org'), '%00'])('knows no organization %s', async (org) => {
  const admin = await world.platformAdmin()
  expectRefusal(await admin.patch(pathOf(org), { status: 'active' }), 'not_found')
})

it('knows no organization that was deleted', async () => {
  const { organization, admin, path } = await household()
  await organization.owner.delete(`/v1/orgs/${organization.id}`, { confirm: organization.slug })
  expectRefusal(await admin.patch(path, { status: 'active' }), 'not_found')
})

describe('an override', () => {
  it.each([
    ['seconds', '2036-01-01T00:00:00Z', '2036-01-01T00:00:00.000Z'],
    ['nanoseconds', '2036-01-01T00:00:00.123456789Z', '2036-01-01T00:00:00.123Z'],
  ])('that was given with %s is shown with milliseconds', async (_what, expiresAt, shown) => {
    const { organization, admin } = await household()
    const answer = await set(admin, organization, { overrides: [override({ expiresAt })] })
    expect(answer.overrides).toEqual([override({ expiresAt: shown })])
    expect((await read(organization)).overrides).toEqual(answer.overrides)
  })

  it('counts until it expires, by the clock of the database', async () => {
    const { organization, admin } = await household()
    await set(admin, organization, { overrides: [override({ value: 3 })] })
    for (let i = 0; i < 3; i++) expect((await create(organization, `Project ${i}`)).status).toBe(201)
    await world.sql(
      `update subscriptions set overrides = jsonb_set(overrides, '{0,expiresAt}', to_jsonb(now() - interval '1 second'))
       where organization_id = $1`,
      [organization.id],
    )
    const answer = await create(organization)
    expect(answer.body.error.details[0]).toMatchObject({ limit: 2, used: 3, planKey: 'free' })
    expect(await read(organization)).toMatchObject({ limits: free, overrides: [], usage: { projects: 3 } })
    const { body } = await organization.owner.get(`/v1/orgs/${organization.id}/projects`)
    expect(body.data).toHaveLength(3)
  })

  it('may be lower than the plan, and seats lower it further', async () => {
    const { organization, admin } = await household()
    const overrides = [override({ value: 0 }), override({ limit: 'users', value: 50 })]
    expect((await set(admin, organization, { overrides, seatLimit: 20 })).limits).toMatchObject({
      projects: 0,
      users: 20,
    })
    expect((await set(admin, organization, { seatLimit: 90 })).limits.users).toBe(50)
    expectRefusal(await create(organization), 'subscription_limit_exceeded', [
      expect.objectContaining({ limit: 0, used: 0 }),
    ])
  })
})

it('takes nothing away where less is allowed than there is, and adds nothing until there is less', async () => {
  const { organization, admin } = await household()
  await set(admin, organization, { planKey: 'pro' })
  for (let i = 0; i < 4; i++) await create(organization, `Project ${i}`)
  expect(await set(admin, organization, { planKey: 'free' })).toMatchObject({
    limits: { projects: 2 },
    usage: { projects: 4 },
  })
  const list = async () =>
    (await organization.owner.get(`/v1/orgs/${organization.id}/projects`)).body.data as { id: string }[]
  const projects = await list()
  expect(projects).toHaveLength(4)
  for (const { id } of projects.slice(0, 2)) {
    expect((await create(organization)).body.error.details[0]).toMatchObject({ limit: 2 })
    expect((await organization.owner.delete(`/v1/orgs/${organization.id}/projects/${id}`)).status).toBe(204)
  }
  expectRefusal(await create(organization), 'subscription_limit_exceeded', [expect.any(Object)])
  const [last] = await list()
  await organization.owner.delete(`/v1/orgs/${organization.id}/projects/${last?.id}`)
  expect((await create(organization)).status).toBe(201)
})

it('counts for a creation that waits for it', async () => {
  const { organization, admin } = await household()
  await world.project(organization)
  await world.project(organization)
  await set(admin, organization, { planKey: 'pro' })
  const lower = "update subscriptions set plan_key = 'free' where organization_id = $1"
  const [refused] = await whileLocked(world, { statement: lower, values: [organization.id] }, () => [
    create(organization),
  ])
  expect(refused?.body.error.details[0]).toMatchObject({ planKey: 'free', limit: 2 })
  const raise = "update subscriptions set plan_key = 'starter' where organization_id = $1"
  const [created] = await whileLocked(world, { statement: raise, values: [organization.id] }, () => [
    create(organization),
  ])
  expect(created?.status).toBe(201)
})

import { expect, it } from 'vitest'
import { expectRefusal } from '../../support/shapes.ts'
import { whileLocked } from '../../support/while-locked.ts'
import { type Organization, type Project, startWorld } from '../../support/world.ts'

const world = startWorld()
const create = ({ owner, id }: Organization, name = 'One more') =>
  owner.post(`/v1/orgs/${id}/projects`, { name })
const pathOf = ({ organization, id }: Project) => `/v1/orgs/${organization.id}/projects/${id}`
const setStatus = ({ id }: Organization, status: string) =>
  world.sql('update subscriptions set status = $2 where organization_id = $1', [id, status])

it('says at a limit which one, how much is used, and where to get more', async () => {
  const organization = await world.organization()
  await world.project(organization)
  await world.project(organization)
  expectRefusal(await create(organization), 'subscription_limit_exceeded', [
    {
      path: 'projects',
      message: 'The Free plan has 2 projects, and 2 are in use.',
      limit: 2,
      used: 2,
      planKey: 'free',
      upgradeUrl: 'http://accounts.silver.test/auth/console',
    },
  ])
})

it.each([
  ['free', 2],
  ['starter', 5],
  ['pro', 25],
])('gives the %s plan %d projects', async (plan, limit) => {
  const organization = await world.organization({ plan })
  for (let i = 0; i < limit; i++) expect((await create(organization)).status).toBe(201)
  const answer = await create(organization)
  expect(answer.body.error.details[0]).toMatchObject({ limit, used: limit, planKey: plan })
})

it('gives the one free place to exactly one of fifty who ask at once', async () => {
  const organization = await world.organization()
  await world.project(organization)
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => create(organization, `Race ${i}`)))
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(49).fill(402)])
  const { body } = await organization.owner.get(`/v1/orgs/${organization.id}/projects`)
  expect(body.data).toHaveLength(2)
})

it('gives the last place to one of two who wait for it together', async () => {
  const organization = await world.organization()
  await world.project(organization)
  const statement = 'select from subscriptions where organization_id = $1 for update'
  const answers = await whileLocked(world, { statement, values: [organization.id] }, () => [
    create(organization, 'One'),
    create(organization, 'Two'),
  ])
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 402])
})

it.each(['active', 'trialing', 'past_due'])('adds while the subscription is %s', async (status) => {
  const organization = await world.organization()
  await setStatus(organization, status)
  expect((await create(organization)).status).toBe(201)
})

it.each(['cancelled', 'expired', 'inactive'])('adds and widens nothing while it is %s', async (status) => {
  const organization = await world.organization()
  const { owner } = organization
  const project = await world.project(organization, { redirectUrls: ['https://a.example/1'] })
  await owner.patch(pathOf(project), { status: 'disabled' })
  await setStatus(organization, status)
  const events = await world.events(organization.id)
  const widenings = [
    { status: 'active' },
    { redirectUrls: ['https://a.example/1', 'https://a.example/2'] },
    { origins: ['https://a.example'] },
  ]
  for (const body of widenings)
    expectRefusal(await owner.patch(pathOf(project), body), 'subscription_inactive')
  expectRefusal(await create(organization), 'subscription_inactive')
  expect(await world.events(organization.id)).toEqual(events)
})

it.each(['cancelled', 'expired', 'inactive'])(
  'lets everything else work while it is %s: read, check, rename, narrow, rotate, revoke, disable, delete',
  async (status) => {
    const organization = await world.organization()
    const { owner, id } = organization
    const project = await world.project(organization, {
      redirectUrls: ['https://a.example/1'],
      origins: ['https://a.example'],
    })
    await setStatus(organization, status)
    const path = pathOf(project)
    expect((await world.withBearer(project.secretKey).get('/v1/backend/application')).status).toBe(200)
    expect((await world.withPublishableKey(project.publishableKey).get('/v1/client/config')).status).toBe(200)
    expect((await owner.get(`/v1/orgs/${id}`)).body.subscription).toEqual({ planKey: 'free', status })
    expect((await owner.get(path)).status).toBe(200)
    expect((await owner.patch(path, { name: 'Renamed', redirectUrls: [] })).status).toBe(200)
    expect((await owner.patch(path, { status: 'active', origins: ['https://a.example'] })).status).toBe(200)
    expect((await owner.post(`${path}/rotate-secret`, { overlapSeconds: 60 })).status).toBe(200)
    const [{ id: key }] = (await owner.get(path)).body.secretKeys
    expect((await owner.delete(`${path}/secret-keys/${key}`)).status).toBe(204)
    expect((await owner.patch(path, { status: 'disabled' })).status).toBe(200)
    expect((await owner.delete(path)).status).toBe(204)
    await world.signIn(owner.email)
  },
)

it('judges what widens by the project as it is when its turn has come', async () => {
  const organization = await world.organization()
  const project = await world.project(organization)
  await setStatus(organization, 'expired')
  const statement = "update projects set status = 'disabled' where id = $1"
  const [answer] = await whileLocked(world, { statement, values: [project.id] }, () => [
    organization.owner.patch(pathOf(project), { status: 'active' }),
  ])
  expect(answer?.status).toBe(402)
})

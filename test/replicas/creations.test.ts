import { afterAll, beforeAll, expect, it } from 'vitest'
import { personThrough, worldThrough } from '../support/replica.ts'
import { startService, type TestService } from '../support/service.ts'
import { whileLocked } from '../support/while-locked.ts'
import { startWorld, type World } from '../support/world.ts'

const world = startWorld()
let service: TestService
let replica: World

beforeAll(async () => {
  service = await startService(world.database)
  replica = worldThrough(world, service)
})
afterAll(() => service.stop())

it('gives the one free place to exactly one of fifty who ask two replicas at once', async () => {
  const organization = await world.organization()
  await world.project(organization)
  const owners = [organization.owner, personThrough(replica, organization.owner)] as const
  const path = `/v1/orgs/${organization.id}/projects`
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      owners[index % 2 === 0 ? 0 : 1].post(path, { name: `Race ${index}` }),
    ),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(49).fill(402)])
  expect((await owners[1].get(path)).body.data).toHaveLength(2)
})

it('makes one project of requests with one Idempotency-Key, and tells both replicas’ callers the same', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const owners = [organization.owner, personThrough(replica, organization.owner)]
  const path = `/v1/orgs/${organization.id}/projects`
  const create = (owner: (typeof owners)[number]) =>
    owner.post(path, { name: 'Shop' }, { 'idempotency-key': 'key-1' })
  const statement = 'select from subscriptions where organization_id = $1 for update'
  const answers = await whileLocked(world, { statement, values: [organization.id] }, () =>
    [...owners, ...owners].map(create),
  )
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201])
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
  for (const owner of owners) expect((await create(owner)).text).toBe(answers[0]?.text)
  expect((await organization.owner.get(path)).body.data).toHaveLength(1)
})

it('rotates a key once for one Idempotency-Key, and refuses the old one wherever the answer was repeated', async () => {
  const organization = await world.organization()
  const project = await world.project(organization)
  const path = `/v1/orgs/${organization.id}/projects/${project.id}/rotate-secret`
  const isValid = async (at: World) =>
    (await at.withBearer(project.secretKey).get('/v1/backend/application')).status === 200
  const owners = [organization.owner, personThrough(replica, organization.owner)] as const
  expect([await isValid(world), await isValid(replica)]).toEqual([true, true])
  const first = await owners[0].post(path, {}, { 'idempotency-key': 'key-1' })
  expect([first.status, await isValid(world)]).toEqual([200, false])
  const again = await owners[1].post(path, {}, { 'idempotency-key': 'key-1' })
  expect([again.text, await isValid(replica)]).toEqual([first.text, false])
})

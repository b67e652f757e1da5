import { expect, it } from 'vitest'
import { aTime } from '../support/shapes.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()

it('tells what a new organization has and uses', async () => {
  const organization = await world.organization()
  await world.member(organization, 'viewer')
  await world.project(organization)
  const answer = await organization.owner.get(`/v1/orgs/${organization.slug}/subscription`)
  expect(answer.status).toBe(200)
  expect(answer.body).toEqual({
    planKey: 'free',
    status: 'active',
    seatLimit: null,
    currentPeriodStart: aTime,
    currentPeriodEnd: null,
    limits: { projects: 2, users: 3, webhookEndpoints: 1, monthlySessions: 1_000 },
    usage: { projects: 1, users: 2, webhookEndpoints: 0, monthlySessions: expect.any(Number) },
    overrides: [],
  })
})

it('knows a plan that is on offer no more', async () => {
  const organization = await world.organization({ plan: 'starter' })
  const { body } = await organization.owner.get(`/v1/orgs/${organization.id}/subscription`)
  expect(body).toMatchObject({
    planKey: 'starter',
    limits: { projects: 5, users: 25, webhookEndpoints: 3, monthlySessions: 5_000 },
  })
})

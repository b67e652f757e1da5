import { expect, it } from 'vitest'
import { startWorld } from '../support/world.ts'

const world = startWorld()

it('shows Free, Pro and Scale with their limits, and not the plan of old tenants', async () => {
  const answer = await world.anonymous.get('/v1/plans')
  expect(answer.status).toBe(200)
  const plan = (key: string, name: string, limits: object) => ({
    key,
    name,
    intendedUse: expect.stringMatching(/\S/),
    limits,
    features: expect.arrayContaining([expect.stringMatching(/\S/)]),
  })
  expect(answer.body).toEqual({
    data: [
      plan('free', 'Free', { projects: 2, users: 3, webhookEndpoints: 1, monthlySessions: 1_000 }),
      plan('pro', 'Pro', { projects: 25, users: 10_000, webhookEndpoints: 25, monthlySessions: 100_000 }),
      plan('scale', 'Scale', {
        projects: 250,
        users: 1_000_000,
        webhookEndpoints: 250,
        monthlySessions: 1_000_000,
      }),
    ],
  })
})

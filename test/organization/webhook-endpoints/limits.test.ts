import { expect, it } from 'vitest'
import { endpointsPath } from '../../support/webhook-endpoints.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()

it('gives the one free place to exactly one of fifty who ask at once, and tells of the limit once', async () => {
  const organization = await world.organization()
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      organization.owner.post(endpointsPath(organization), {
        url: `https://receiver.example/${i}`,
        eventTypes: ['project.*'],
      }),
    ),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(49).fill(402)])
  const { body } = await organization.owner.get(endpointsPath(organization))
  expect(body.data).toHaveLength(1)
  const told = (await world.events(organization.id)).filter(
    ({ type }) => type === 'subscription.limit_reached',
  )
  expect(told.map(({ data }) => [data.limit, data.percent])).toEqual([
    ['webhookEndpoints', 80],
    ['webhookEndpoints', 100],
  ])
})

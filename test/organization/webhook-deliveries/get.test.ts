import { expect, it } from 'vitest'
import { newId } from '../../../src/lib/ids.ts'
import { anId, aTime, expectRefusal, indistinct } from '../../support/shapes.ts'
import {
  deliveriesPath,
  leaveDelivery,
  makeDelivery,
  putAttempt,
  secretlessHeaders,
} from '../../support/webhook-deliveries.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()

it('shows what is sent, and every attempt with its headers and the kept answer', async () => {
  const organization = await world.organization()
  const { owner } = organization
  const { id, path, eventId, endpoint } = await makeDelivery(world, organization)
  const shown = {
    id: anId('dlv'),
    eventId,
    eventType: 'project.created',
    endpointId: endpoint.id,
    status: 'pending',
    attempts: 0,
    nextAttemptAt: aTime,
    lastAttempt: null,
    createdAt: aTime,
  }
  const before = (await owner.get(path)).body
  expect(before).toEqual({ ...shown, body: expect.any(String), allAttempts: [] })
  const events = (await owner.get(`/v1/orgs/${organization.id}/events?limit=100`)).text
  expect(events).toContain(before.body)
  expect(JSON.parse(before.body)).toMatchObject({ id: eventId, type: 'project.created' })

  await putAttempt(world, id, 1, 503)
  await putAttempt(world, id, 2, null)
  await leaveDelivery(world, id, 'retrying', 2)
  const [first, second] = [
    { at: '2026-05-12T00:00:01.000Z', status: 503, latencyMs: 87, error: 'it failed' },
    { at: '2026-05-12T00:00:02.000Z', status: null, latencyMs: 87, error: 'it failed' },
  ]
  const after = { ...shown, status: 'retrying', attempts: 2, lastAttempt: second }
  expect((await owner.get(path)).body).toEqual({
    ...after,
    body: before.body,
    allAttempts: [
      { ...first, number: 1, requestHeaders: secretlessHeaders, answer: 'answer 1' },
      { ...second, number: 2, requestHeaders: secretlessHeaders, answer: null },
    ],
  })
  expect((await owner.get(deliveriesPath(organization))).body).toEqual({ data: [after], nextCursor: null })
})

it('tells no end of a lease as the next attempt, and no body of an event that is forgotten', async () => {
  const organization = await world.organization()
  const { id, path, eventId } = await makeDelivery(world, organization)
  await leaveDelivery(world, id, 'delivering')
  await world.sql(`update events set occurred_at = now() - interval '2 days' where id = $1`, [eventId])
  await world.sql('select delete_old_events(1, 10)')
  expect((await organization.owner.get(path)).body).toMatchObject({
    status: 'delivering',
    nextAttemptAt: null,
    body: null,
  })
})

it('is unknown to other organizations as one that does not exist', async () => {
  const mine = await world.organization()
  const theirs = await makeDelivery(world, await world.organization())
  const ask = async (id: string) => indistinct(await mine.owner.get(`${deliveriesPath(mine)}/${id}`))
  const unknown = await ask(newId('dlv'))
  expect(unknown.status).toBe(404)
  for (const id of [theirs.id, 'dlv_x', '%00', theirs.id.toUpperCase()])
    expect(await ask(id)).toEqual(unknown)
})

it.each(['billing', 'member', 'viewer'] as const)('is not for the role %s', async (role) => {
  const organization = await world.organization()
  const { path } = await makeDelivery(world, organization)
  const somebody = await world.member(organization, role)
  expectRefusal(await somebody.get(deliveriesPath(organization)), 'forbidden')
  expectRefusal(await somebody.get(path), 'forbidden')
})

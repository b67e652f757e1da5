import { expect, it } from 'vitest'
import { newId } from '../../src/lib/ids.ts'
import { aTime, expectRefusal, indistinct } from '../support/shapes.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()

it('is found by id and by slug, with the role of who asks', async () => {
  const organization = await world.organization({ name: 'Found' })
  const { id, slug, owner } = organization
  const viewer = await world.member(organization, 'viewer')
  const expected = {
    id,
    slug,
    name: 'Found',
    role: 'owner',
    subscription: { planKey: 'free', status: 'active' },
    createdAt: aTime,
    updatedAt: aTime,
  }
  for (const reference of [id, slug]) {
    const answer = await owner.get(`/v1/orgs/${reference}`)
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual(expected)
    expect((await viewer.get(`/v1/orgs/${reference}`)).body).toEqual({ ...expected, role: 'viewer' })
    expect((await world.withBearer(owner.accessToken).get(`/v1/orgs/${reference}`)).body).toEqual(expected)
  }
})

it('does not depend on the active organization', async () => {
  const { owner, id } = await world.organization()
  const second = (await owner.post('/v1/orgs', { name: 'Second' })).body
  await owner.post('/v1/me/active-organization', { organizationId: second.id })
  expect((await owner.get(`/v1/orgs/${id}`)).status).toBe(200)
})

it('is one 404 for what is not mine, what does not exist and what could be neither', async () => {
  const { owner, slug } = await world.organization()
  const stranger = await world.organization()
  const references = [
    stranger.id,
    stranger.slug,
    newId('org'),
    'nothing',
    slug.toUpperCase(),
    '%00',
    "a'--",
    'x'.repeat(200),
  ]
  const answers = await Promise.all(references.map((reference) => owner.get(`/v1/orgs/${reference}`)))
  for (const answer of answers) {
    expectRefusal(answer, 'not_found')
    expect(indistinct(answer)).toEqual(indistinct(answers[0] as (typeof answers)[0]))
  }
})

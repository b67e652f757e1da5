import { expect, it } from 'vitest'
import { newId } from '../../../src/lib/ids.ts'
import { anId, aTime, expectRefusal, indistinct } from '../../support/shapes.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()

it('shows projects newest first, and a project by id or slug', async () => {
  const organization = await world.organization()
  const first = await world.project(organization)
  const second = await world.project(organization)
  const path = `/v1/orgs/${organization.slug}/projects`
  const list = await organization.owner.get(path)
  expect(list.status).toBe(200)
  expect(list.body).toEqual({ data: [expect.anything(), expect.anything()], nextCursor: null })
  for (const [at, project] of [second, first].entries()) {
    for (const reference of [project.id, project.slug]) {
      const answer = await organization.owner.get(`${path}/${reference}`)
      expect(answer.status).toBe(200)
      expect(answer.body).toEqual(list.body.data[at])
    }
  }
  expect(list.body.data[0]).toEqual({
    id: second.id,
    slug: second.slug,
    name: expect.any(String),
    status: 'active',
    publishableKey: second.publishableKey,
    secretKeys: [
      {
        id: anId('key'),
        prefix: second.secretKey.slice(0, 16),
        createdAt: aTime,
        expiresAt: null,
        lastUsedAt: null,
      },
    ],
    redirectUrls: [],
    origins: [],
    afterSignInUrl: null,
    afterSignUpUrl: null,
    provisioning: expect.objectContaining({ status: 'disabled' }),
    createdAt: aTime,
    updatedAt: aTime,
  })
})

it('shows a member everything but the keys', async () => {
  const organization = await world.organization()
  const project = await world.project(organization)
  const member = await world.member(organization, 'member')
  const path = `/v1/orgs/${organization.id}/projects`
  const { secretKeys, ...rest } = (await organization.owner.get(`${path}/${project.id}`)).body
  expect(secretKeys).toHaveLength(1)
  expect((await member.get(`${path}/${project.id}`)).body).toEqual(rest)
  expect((await member.get(path)).body.data).toEqual([rest])
})

it('pages without showing one twice or missing one, while others are being added', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const present: string[] = []
  for (let i = 0; i < 5; i++) present.push((await world.project(organization)).id)
  const seen: string[] = []
  let cursor = ''
  for (let pages = 0; pages < 10; pages++) {
    const { body } = await organization.owner.get(`/v1/orgs/${organization.id}/projects?limit=2${cursor}`)
    seen.push(...body.data.map(({ id }: { id: string }) => id))
    if (body.nextCursor === null) break
    cursor = `&cursor=${body.nextCursor}`
    await world.project(organization)
  }
  expect(seen).toEqual(present.sort().reverse())
})

it('is one 404 for what is not here, what does not exist and what could be neither', async () => {
  const organization = await world.organization()
  const elsewhere = await world.project(await world.organization())
  const references = [elsewhere.id, elsewhere.slug, newId('app'), 'nothing', '%00', "a'--", 'x'.repeat(200)]
  const answers = await Promise.all(
    references.map((reference) =>
      organization.owner.get(`/v1/orgs/${organization.id}/projects/${reference}`),
    ),
  )
  for (const answer of answers) {
    expectRefusal(answer, 'not_found')
    expect(indistinct(answer)).toEqual(indistinct(answers[0] as (typeof answers)[0]))
  }
})

import { expect, it } from 'vitest'
import { expectRefusal } from '../../support/shapes.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()

it('deletes with its keys, frees its place and its slug, and tells of it', async () => {
  const organization = await world.organization()
  const { owner, id } = organization
  const project = await world.project(organization, { slug: 'gone' })
  await world.project(organization)
  const path = `/v1/orgs/${id}/projects`
  expect((await owner.post(path, { name: 'Third' })).status).toBe(402)

  const answer = await owner.delete(`${path}/gone`)
  expect(answer.status).toBe(204)
  expectRefusal(await owner.get(`${path}/${project.id}`), 'not_found')
  expectRefusal(await owner.delete(`${path}/gone`), 'not_found')
  expectRefusal(
    await world.withBearer(project.secretKey).get('/v1/backend/application'),
    'invalid_secret_key',
  )
  expectRefusal(
    await world.withPublishableKey(project.publishableKey).get('/v1/client/config'),
    'application_not_found',
  )
  const [event] = (await world.events(id)).slice(-1)
  expect(event).toMatchObject({ type: 'project.deleted', data: { id: project.id, slug: 'gone' } })
  expect((await world.auditLog(id)).at(-1)).toMatchObject({
    action: 'project.deleted',
    actor_id: owner.id,
    target_id: project.id,
    request_id: answer.headers['x-request-id'],
  })
  expect((await owner.post(path, { name: 'Third', slug: 'gone' })).status).toBe(201)
})

import { expect, it } from 'vitest'
import { newId } from '../../../src/lib/ids.ts'
import { expectRefusal, indistinct } from '../../support/shapes.ts'
import { type Project, startWorld } from '../../support/world.ts'

const world = startWorld()
const pathOf = ({ organization, id }: Project) => `/v1/orgs/${organization.id}/projects/${id}`
const check = (secretKey: string) => world.withBearer(secretKey).get('/v1/backend/application')
const firstKeyId = async (project: Project): Promise<string> =>
  (await project.organization.owner.get(pathOf(project))).body.secretKeys.at(-1).id

it('ends one key at once and leaves the others', async () => {
  const project = await world.project(await world.organization())
  const { owner, id } = project.organization
  const newer = (await owner.post(`${pathOf(project)}/rotate-secret`, { overlapSeconds: 3600 })).body
    .secretKey
  const answer = await owner.delete(`${pathOf(project)}/secret-keys/${await firstKeyId(project)}`)
  expect(answer.status).toBe(204)
  expectRefusal(await check(project.secretKey), 'invalid_secret_key')
  expect((await check(newer)).status).toBe(200)
  const [event] = (await world.events(id)).slice(-1)
  expect(event).toMatchObject({
    type: 'project.secret_revoked',
    data: { id: project.id, secretKeyPrefix: project.secretKey.slice(0, 16) },
  })
  expect((await world.auditLog(id)).at(-1)).toMatchObject({
    action: 'project.secret_revoked',
    actor_id: owner.id,
    target_id: project.id,
    request_id: answer.headers['x-request-id'],
  })
})

it('can end the last key, after which rotating gives a new one', async () => {
  const project = await world.project(await world.organization())
  const { owner } = project.organization
  await owner.delete(`${pathOf(project)}/secret-keys/${await firstKeyId(project)}`)
  expect((await owner.get(pathOf(project))).body.secretKeys).toEqual([])
  const { body } = await owner.post(`${pathOf(project)}/rotate-secret`)
  expect(body.retires).toEqual([])
  expect((await check(body.secretKey)).status).toBe(200)
})

it('is one 404 for keys that ended, of another project, unknown and impossible', async () => {
  const organization = await world.organization()
  const project = await world.project(organization)
  const sibling = await world.project(organization)
  const stranger = await world.project(await world.organization())
  const ended = await firstKeyId(project)
  const remove = (id: string) => organization.owner.delete(`${pathOf(project)}/secret-keys/${id}`)
  await remove(ended)
  const ids = [
    ended,
    await firstKeyId(sibling),
    await firstKeyId(stranger),
    newId('key'),
    'key_x',
    '%00',
    "'",
  ]
  const answers = await Promise.all(ids.map(remove))
  for (const answer of answers) {
    expectRefusal(answer, 'not_found')
    expect(indistinct(answer)).toEqual(indistinct(answers[0] as (typeof answers)[0]))
  }
  expect((await check(sibling.secretKey)).status).toBe(200)
  expect((await check(stranger.secretKey)).status).toBe(200)
})

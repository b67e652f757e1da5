import { expect, it } from 'vitest'
import { newSecretKey } from '../../src/features/keys/key-format.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/v1/backend/application'

it('tells whose key it is', async () => {
  const project = await world.project(await world.organization({ name: 'SEQN' }), { name: 'SEQN Console' })
  const answer = await world.withBearer(project.secretKey).get(path)
  expect(answer.status).toBe(200)
  expect(answer.body).toEqual({
    ok: true,
    application: {
      id: project.id,
      slug: 'seqn-console',
      name: 'SEQN Console',
      status: 'active',
      secretKeyPrefix: project.secretKey.slice(0, 16),
    },
    organization: { slug: 'seqn', name: 'SEQN' },
    checkedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  })
})

it.each([
  ['missing', undefined],
  ['of another scheme', 'Basic c2s6'],
  ['malformed', 'Bearer sk_live_short'],
  ['with a wrong checksum', `Bearer ${newSecretKey().slice(0, -1)}!`],
  ['unknown', `Bearer ${newSecretKey()}`],
])('refuses a key that is %s', async (_kind, authorization) => {
  const answer = await world.anonymous.get(path, { authorization })
  expect(answer.status).toBe(401)
  expect(answer.body.error).toMatchObject({ code: 'invalid_secret_key', type: 'authentication_error' })
})

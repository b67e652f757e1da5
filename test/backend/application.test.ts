import { expect, it } from 'vitest'
import { newSecretKey } from '../../src/features/keys/key-format.ts'
import { checksum } from '../../src/lib/checksum.ts'
import { countQueries } from '../support/count-queries.ts'
import { aTime, expectRefusal, indistinct } from '../support/shapes.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/v1/backend/application'
const get = (authorization: string | undefined) => world.anonymous.get(path, { authorization })

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
    checkedAt: aTime,
  })
  expect(Math.abs(Date.parse(answer.body.checkedAt) - Date.now())).toBeLessThan(60_000)
  expect((await get(`bearer ${project.secretKey}`)).status).toBe(200)
})

const withChecksum = (start: string) => start + checksum(start)

it.each([
  ['missing', undefined],
  ['empty', ''],
  ['without a scheme', newSecretKey()],
  ['of another scheme', `Basic ${newSecretKey()}`],
  ['two', `Bearer ${newSecretKey()} ${newSecretKey()}`],
  ['short', 'Bearer sk_live_short'],
  ['long', `Bearer ${newSecretKey()}0`],
  ['in upper case', `Bearer ${newSecretKey().toUpperCase()}`],
  ['of another kind', `Bearer ${withChecksum(`pk_live_${'a'.repeat(26)}`)}`],
  ['of another length with a right checksum', `Bearer ${withChecksum(`sk_live_${'a'.repeat(26)}`)}`],
  ['with a wrong checksum', `Bearer ${newSecretKey().slice(0, -1)}!`],
  [
    'with two characters swapped',
    `Bearer sk_live_ba${withChecksum(`sk_live_ab${'c'.repeat(40)}`).slice(10)}`,
  ],
  ['an access token', 'Bearer eyJhbGciOiJFZERTQSJ9.e30.AAAA'],
  ['very long', `Bearer sk_live_${'a'.repeat(4_000)}`],
])('refuses a key that is %s, without a query', async (_kind, authorization) => {
  let answer: Awaited<ReturnType<typeof get>> | undefined
  expect(await countQueries(async () => (answer = await get(authorization)))).toBe(0)
  if (answer) expectRefusal(answer, 'invalid_secret_key')
})

it('cannot tell unknown, revoked, expired and malformed keys apart', async () => {
  const project = await world.project(await world.organization())
  const { owner, id } = project.organization
  const rotate = (overlapSeconds: number) =>
    owner.post(`/v1/orgs/${id}/projects/${project.id}/rotate-secret`, { overlapSeconds })
  const expired = (await rotate(60)).body.secretKey
  await world.sql('update secret_keys set expires_at = now() where project_id = $1', [project.id])
  const refused = [newSecretKey(), project.secretKey, expired, 'sk_live_short']
  const answers = await Promise.all(refused.map((key) => get(`Bearer ${key}`)))
  for (const answer of answers) {
    expectRefusal(answer, 'invalid_secret_key')
    expect(indistinct(answer)).toEqual(indistinct(answers[0] as (typeof answers)[0]))
  }
})

it('asks the database once for a key', async () => {
  const project = await world.project(await world.organization())
  expect(await countQueries(() => world.withBearer(project.secretKey).get(path))).toBe(1)
})

it('takes a key from nowhere but the header', async () => {
  const { secretKey } = await world.project(await world.organization())
  expect((await world.anonymous.get(`${path}?secret_key=${secretKey}`)).status).toBe(401)
  expect((await world.anonymous.get(path, { cookie: `seqn_session=${secretKey}` })).status).toBe(401)
  expect((await world.anonymous.get(path, { 'x-seqn-publishable-key': secretKey })).status).toBe(401)
})

it('notes when a key was last used, together and a moment later', async () => {
  const organization = await world.organization()
  const projects = [await world.project(organization), await world.project(organization)]
  const lastUsed = async () => {
    const { body } = await organization.owner.get(`/v1/orgs/${organization.id}/projects`)
    return body.data.map(
      (project: { secretKeys: { lastUsedAt: string | null }[] }) => project.secretKeys[0]?.lastUsedAt,
    )
  }
  // What sessions were seen is written in batches, too.
  await world.ctx.batches.flush()
  for (let i = 0; i < 5; i++)
    for (const { secretKey } of projects)
      expect((await world.withBearer(secretKey).get(path)).status).toBe(200)
  expect(await countQueries(() => world.ctx.batches.flush())).toBe(1)
  expect(await lastUsed()).toEqual([aTime, aTime])
})

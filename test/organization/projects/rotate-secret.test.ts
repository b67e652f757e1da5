import { expect, it } from 'vitest'
import { aTime, expectInvalid, expectRefusal } from '../../support/shapes.ts'
import { whileLocked } from '../../support/while-locked.ts'
import { type Project, startWorld } from '../../support/world.ts'

const world = startWorld()
const make = async () => world.project(await world.organization())
const pathOf = ({ organization, id }: Project) => `/v1/orgs/${organization.id}/projects/${id}`
const rotate = (project: Project, body?: unknown) =>
  project.organization.owner.post(`${pathOf(project)}/rotate-secret`, body)
const works = async (secretKey: string) =>
  (await world.withBearer(secretKey).get('/v1/backend/application')).status === 200
const keysOf = async (project: Project) =>
  (await project.organization.owner.get(pathOf(project))).body.secretKeys as {
    id: string
    prefix: string
    expiresAt: string | null
  }[]

it.each([[undefined], [{}], [{ overlapSeconds: 0 }]])(
  'refuses the old key on the very next request: %j',
  async (body) => {
    const project = await make()
    expect(await works(project.secretKey)).toBe(true)
    const answer = await rotate(project, body)
    expect(answer.status).toBe(200)
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.body).toEqual({
      secretKey: expect.stringMatching(/^sk_live_[0-9a-z]{48}$/),
      retires: [{ prefix: project.secretKey.slice(0, 16), expiresAt: aTime }],
    })
    const old = await world.withBearer(project.secretKey).get('/v1/backend/application')
    expectRefusal(old, 'invalid_secret_key')
    expect(await works(answer.body.secretKey)).toBe(true)
    expect(await keysOf(project)).toMatchObject([
      { prefix: answer.body.secretKey.slice(0, 16), expiresAt: null },
    ])
  },
)

it('lets both keys work during the overlap, and says until when', async () => {
  const project = await make()
  const { body } = await rotate(project, { overlapSeconds: 3600 })
  expect(body.retires).toEqual([{ prefix: project.secretKey.slice(0, 16), expiresAt: aTime }])
  const left = Date.parse(body.retires[0].expiresAt) - Date.now()
  expect(Math.abs(left - 3_600_000)).toBeLessThan(60_000)
  expect(await works(project.secretKey)).toBe(true)
  expect(await works(body.secretKey)).toBe(true)
  expect((await keysOf(project)).map(({ prefix, expiresAt }) => [prefix, expiresAt])).toEqual([
    [body.secretKey.slice(0, 16), null],
    [project.secretKey.slice(0, 16), body.retires[0].expiresAt],
  ])
  const [event] = (await world.events(project.organization.id)).slice(-1)
  expect(event).toMatchObject({
    type: 'project.secret_rotated',
    data: { id: project.id, secretKeyPrefix: body.secretKey.slice(0, 16), retires: body.retires },
  })
  await world.sql(
    'update secret_keys set expires_at = now() where project_id = $1 and expires_at is not null',
    [project.id],
  )
  expect(await works(project.secretKey)).toBe(false)
  expect(await works(body.secretKey)).toBe(true)
  expect(await keysOf(project)).toHaveLength(1)
})

it('never lengthens the life of a key that was to end earlier', async () => {
  const project = await make()
  const first = (await rotate(project, { overlapSeconds: 60 })).body
  const second = (await rotate(project, { overlapSeconds: 86_400 })).body
  const ends = new Map(
    second.retires.map((key: { prefix: string; expiresAt: string }) => [key.prefix, key.expiresAt]),
  )
  expect(ends.get(project.secretKey.slice(0, 16))).toBe(first.retires[0].expiresAt)
  expect(ends.size).toBe(2)
})

it.each([-1, 2_592_001, 1.5, '60', null, true])('refuses an overlap of %j', async (overlapSeconds) => {
  const project = await make()
  expectInvalid(await rotate(project, { overlapSeconds }), 'overlapSeconds')
  expect(await works(project.secretKey)).toBe(true)
})

it('takes the longest overlap, refuses unknown fields, and keeps at most twenty keys at work', async () => {
  const project = await make()
  expect((await rotate(project, { overlap: 5 })).body.error.code).toBe('invalid_input')
  for (let i = 0; i < 19; i++) expect((await rotate(project, { overlapSeconds: 2_592_000 })).status).toBe(200)
  expectRefusal(await rotate(project, { overlapSeconds: 1 }), 'conflict')
  expect(await keysOf(project)).toHaveLength(20)
  expect((await rotate(project)).status).toBe(200)
  expect(await keysOf(project)).toHaveLength(1)
})

it('leaves a valid key at every instant of fifteen rotations at once, and one in the end', async () => {
  const project = await make()
  let isOver = false
  const rotations = Promise.all(Array.from({ length: 15 }, () => rotate(project))).finally(() => {
    isOver = true
  })
  const counts: number[] = []
  while (!isOver) {
    const [row] = await world.sql<{ valid: number }>(
      `select count(*)::int as valid from secret_keys
       where project_id = $1 and (expires_at is null or expires_at > now())`,
      [project.id],
    )
    counts.push(row?.valid ?? 0)
  }
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(1)
  const keys = (await rotations).map(({ status, body }) => {
    expect(status).toBe(200)
    return body.secretKey as string
  })
  const working = await Promise.all(keys.map(works))
  expect(working.filter(Boolean)).toHaveLength(1)
  expect(await works(project.secretKey)).toBe(false)
})

it.each([['first'], ['last']])(
  'does not save a key that is revoked meanwhile, when the revocation comes %s',
  async (when) => {
    const project = await make()
    const [key] = await keysOf(project)
    const revoke = () => project.organization.owner.delete(`${pathOf(project)}/secret-keys/${key?.id}`)
    const lengthen = () => rotate(project, { overlapSeconds: 2_592_000 })
    const lock = { statement: 'select from projects where id = $1 for update', values: [project.id] }
    const answers = await whileLocked(world, lock, () =>
      when === 'first' ? [revoke(), lengthen()] : [lengthen(), revoke()],
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 204])
    expect(await works(project.secretKey)).toBe(false)
  },
)

it('works on a disabled project, whose keys stay refused', async () => {
  const project = await make()
  await project.organization.owner.patch(pathOf(project), { status: 'disabled' })
  const { body } = await rotate(project)
  expectRefusal(await world.withBearer(body.secretKey).get('/v1/backend/application'), 'application_disabled')
  expectRefusal(
    await world.withBearer(project.secretKey).get('/v1/backend/application'),
    'invalid_secret_key',
  )
})

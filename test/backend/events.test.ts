import { beforeAll, describe, expect, it } from 'vitest'
import { system } from '../../src/actors.ts'
import { change } from '../../src/change/change.ts'
import { eventBody } from '../../src/features/events/event-body.ts'
import { anId, aTime, expectInvalid, expectRefusal } from '../support/shapes.ts'
import { type Project, startWorld } from '../support/world.ts'

const world = startWorld()
let project: Project
let asked: { who: string; get: (query?: string) => ReturnType<typeof world.anonymous.get> }[]

beforeAll(async () => {
  project = await world.project(await world.organization())
  const { organization, secretKey } = project
  asked = [
    {
      who: 'a back end',
      get: (query = '') => world.withBearer(secretKey).get(`/v1/backend/events${query}`),
    },
    {
      who: 'an owner',
      get: (query = '') => organization.owner.get(`/v1/orgs/${organization.id}/events${query}`),
    },
  ]
  await record(7)
})

const record = (count: number) =>
  change(world.ctx, system('test'), async (_tx, record) => {
    const organizationId = project.organization.id
    for (let i = 0; i < count; i++)
      record('project.updated', { organizationId, target: project.id, data: { id: project.id, round: i } })
  })

type Shown = { id: string; sequence: number; type: string }
const sequences = (body: { data: Shown[] }) => body.data.map(({ sequence }) => sequence)
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, i) => first + i)
const newest = async () => Number((await world.events(project.organization.id)).at(-1)?.sequence)

describe.each([0, 1])('asked by a back end (0) and by an owner (1): %d', (at) => {
  const get = (query?: string) => asked[at]?.get(query) as ReturnType<typeof world.anonymous.get>

  it('tells events in the order of their numbers, to the letter as webhooks do', async () => {
    const answer = await get()
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
    expect(sequences(answer.body)).toEqual(upTo(await newest()))
    expect(answer.body.nextCursor).toBe(null)
    const { id, slug } = project.organization
    expect(answer.body.data.find(({ type }: Shown) => type === 'project.created')).toEqual({
      id: anId('evt'),
      type: 'project.created',
      timestamp: aTime,
      sequence: expect.any(Number),
      organization: { id, slug },
      data: expect.objectContaining({ id: project.id, publishableKey: project.publishableKey }),
    })
    const rows = await world.sql('select * from events where stream_id = $1 order by sequence', [id])
    const bodies = rows.map((row) => eventBody({ ...row, sequence: Number(row.sequence) } as never))
    expect(answer.text).toBe(`{"data":[${bodies.join(',')}],"nextCursor":null}`)
  })

  it('goes on after a number, page by page, until the end for now', async () => {
    const all = sequences((await get()).body)
    const seen: number[] = []
    let after: string | null = '0'
    while (after !== null) {
      const { body } = await get(`?after=${after}&limit=3`)
      expect(body.data.length).toBeLessThanOrEqual(3)
      seen.push(...sequences(body))
      after = body.nextCursor
    }
    expect(seen).toEqual(all)
    const last = await newest()
    expect((await get(`?after=${last}`)).body).toEqual({ data: [], nextCursor: null })
    await record(1)
    expect(sequences((await get(`?after=${last}`)).body)).toEqual([last + 1])
  })

  it('tells nothing after a number that is not reached yet', async () => {
    expect((await get('?after=999999999999999')).body).toEqual({ data: [], nextCursor: null })
  })

  it.each([
    ['?after=-1', 'after'],
    ['?after=x', 'after'],
    ['?after=1.5', 'after'],
    ['?after=1e3', 'after'],
    ['?after=9999999999999999', 'after'],
    ['?after=1&after=2', 'after'],
    ['?limit=0', 'limit'],
    ['?limit=101', 'limit'],
  ])('does not understand %s', async (query, field) => {
    expectInvalid(await get(query), field)
  })
})

it('says that a number is too old once what came after it is gone, and tells the rest without it', async () => {
  const aging = await world.project(await world.organization())
  const { id } = aging.organization
  const key = world.withBearer(aging.secretKey)
  const get = (query: string) => key.get(`/v1/backend/events${query}`)
  const all = sequences((await get('')).body)
  await world.sql('delete from events where stream_id = $1 and sequence <= 2', [id])
  for (const after of [0, 1]) expectRefusal(await get(`?after=${after}`), 'cursor_expired')
  expect(sequences((await get('?after=2')).body)).toEqual(all.slice(2))
  expect(sequences((await get('')).body)).toEqual(all.slice(2))
  await world.sql('delete from events where stream_id = $1', [id])
  expectRefusal(await get(`?after=${all.length - 1}`), 'cursor_expired')
  expect((await get(`?after=${all.length}`)).body).toEqual({ data: [], nextCursor: null })
  expect((await get('')).body).toEqual({ data: [], nextCursor: null })
})

it('has no gap for a reader who reads while many write', async () => {
  const last = await newest()
  const key = world.withBearer(project.secretKey)
  const writing = Promise.all(Array.from({ length: 40 }, () => record(2)))
  const seen: number[] = []
  let isOver = false
  void writing.then(() => {
    isOver = true
  })
  for (;;) {
    const wasOver = isOver
    const { body } = await key.get(`/v1/backend/events?limit=7&after=${seen.at(-1) ?? last}`)
    seen.push(...sequences(body))
    if (wasOver && body.data.length === 0) break
  }
  await writing
  expect(seen).toEqual(upTo(last + 80, last + 1))
})

it('tells nobody of another organization', async () => {
  const stranger = await world.project(await world.organization())
  const { body } = await world.withBearer(stranger.secretKey).get('/v1/backend/events')
  for (const { organization } of body.data) expect(organization.id).toBe(stranger.organization.id)
  expectRefusal(await world.anonymous.get('/v1/backend/events'), 'invalid_secret_key')
})

describe('limits', () => {
  const strict = startWorld({
    environment: { RATE_LIMIT_ROUTES: '/v1/backend/events=3,/v1/backend/audit-logs=2,*=1000000' },
  })

  it('counts reading per key', async () => {
    const organization = await strict.organization()
    const [one, two] = [await strict.project(organization), await strict.project(organization)]
    for (const [path, most] of [
      ['/v1/backend/events', 3],
      ['/v1/backend/audit-logs', 2],
    ] as const) {
      for (let i = 0; i < most; i++)
        expect((await strict.withBearer(one.secretKey).get(path)).status).toBe(200)
      expectRefusal(await strict.withBearer(one.secretKey).get(path), 'rate_limited')
      expect((await strict.withBearer(two.secretKey).get(path)).status).toBe(200)
    }
  })
})

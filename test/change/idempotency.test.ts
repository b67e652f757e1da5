import http from 'node:http'
import { beforeEach, describe, expect, it } from 'vitest'
import { until } from '../support/embedded-postgres.ts'
import type { Answer } from '../support/http.ts'
import { whileLocked } from '../support/while-locked.ts'
import { type Organization, startWorld } from '../support/world.ts'

const world = startWorld()
let organization: Organization
let path: string

beforeEach(async () => {
  organization = await world.organization({ plan: 'pro' })
  path = `/v1/orgs/${organization.id}/projects`
})

const create = (key: string, body: unknown = { name: 'Shop' }, who = organization.owner) =>
  who.post(path, body, { 'idempotency-key': key })
const projects = async () => (await organization.owner.get(path)).body.data as { slug: string }[]
const codeOf = (answer: Answer) => answer.body.error.code
const kept = (userId = organization.owner.id) =>
  world.sql<{ key: string; sealed_answer: Buffer; row: string }>(
    `select *, idempotency_keys::text as row from idempotency_keys where actor_id = $1`,
    [userId],
  )

it('answers the same request the same, the secret that is shown once included', async () => {
  const first = await create('key-1')
  const again = await create('key-1')
  expect(first.status).toBe(201)
  expect(first.headers).not.toHaveProperty('idempotent-replayed')
  expect(again.status).toBe(201)
  expect(again.headers).toMatchObject({ 'idempotent-replayed': 'true', 'cache-control': 'no-store' })
  expect(again.text).toBe(first.text)
  expect(again.body.secretKey).toMatch(/^sk_live_/)
  expect(await projects()).toHaveLength(1)
  const events = await world.events(organization.id)
  expect(events.filter(({ type }) => type === 'project.created')).toHaveLength(1)
})

it('makes a second project under a second key, and without a key', async () => {
  await create('key-1')
  await create('key-2')
  await organization.owner.post(path, { name: 'Shop' })
  expect(await projects()).toHaveLength(3)
})

it.each([
  ['another body', () => create('key-1', { name: 'Other' })],
  ['one field more', () => create('key-1', { name: 'Shop', slug: 'shop' })],
  [
    'another path',
    () => organization.owner.post('/v1/orgs', { name: 'Shop' }, { 'idempotency-key': 'key-1' }),
  ],
])('refuses the key for %s', async (_what, request) => {
  await create('key-1')
  const answer = await request()
  expect(answer.status).toBe(409)
  expect(codeOf(answer)).toBe('idempotency_conflict')
  expect(await projects()).toHaveLength(1)
})

it('keeps the keys of two people apart', async () => {
  const admin = await world.member(organization, 'admin')
  const mine = await create('key-1')
  const theirs = await create('key-1', { name: 'Shop' }, { ...organization.owner, ...admin })
  expect(theirs.headers).not.toHaveProperty('idempotent-replayed')
  expect(theirs.body.project.id).not.toBe(mine.body.project.id)
})

it('does not replay to somebody who may no longer do it', async () => {
  const admin = await world.member(organization, 'admin')
  await create('key-1', { name: 'Shop' }, { ...organization.owner, ...admin })
  await world.sql(`update memberships set role = 'viewer' where user_id = $1 and organization_id = $2`, [
    admin.id,
    organization.id,
  ])
  const answer = await create('key-1', { name: 'Shop' }, { ...organization.owner, ...admin })
  expect(answer.status).toBe(403)
  expect(answer.text).not.toContain('sk_live_')
})

it('makes one project of fifteen requests that come together, and tells all of them the same', async () => {
  const answers = await whileLocked(
    world,
    {
      statement: 'select from subscriptions where organization_id = $1 for update',
      values: [organization.id],
    },
    () => Array.from({ length: 15 }, () => create('key-1')),
  )
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
  expect(answers[0]?.status).toBe(201)
  expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === 'true')).toHaveLength(14)
  expect(await projects()).toHaveLength(1)
})

it('lets the next of two take over when the first fails', async () => {
  await world.sql(`update subscriptions set status = 'inactive' where organization_id = $1`, [
    organization.id,
  ])
  const answers = await whileLocked(
    world,
    {
      statement: 'select from subscriptions where organization_id = $1 for update',
      values: [organization.id],
    },
    () => [create('key-1'), create('key-1')],
  )
  expect(answers.map(({ status }) => status)).toEqual([402, 402])
  expect(await kept()).toEqual([])
})

it('gives the secret to a caller whose first answer was lost', async () => {
  const body = JSON.stringify({ name: 'Shop' })
  const lost = http.request({
    host: '127.0.0.1',
    port: world.port,
    method: 'POST',
    path,
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      cookie: `seqn_session=${organization.owner.cookie}`,
      'idempotency-key': 'key-1',
    },
  })
  lost.on('error', () => undefined)
  lost.end(body)
  await until(async () => (await kept()).length === 1)
  lost.destroy()

  const retried = await create('key-1')
  expect(retried.status).toBe(201)
  expect(retried.headers['idempotent-replayed']).toBe('true')
  expect(await projects()).toHaveLength(1)
  const check = await world.withBearer(retried.body.secretKey).get('/v1/backend/application')
  expect(check.status).toBe(200)
})

describe('a request that fails keeps nothing, and works under the same key once mended', () => {
  it('after 402', async () => {
    await world.sql(`update subscriptions set plan_key = 'free' where organization_id = $1`, [
      organization.id,
    ])
    for (const key of ['a', 'b']) await create(key)
    const refused = await create('key-1')
    expect([refused.status, codeOf(refused)]).toEqual([402, 'subscription_limit_exceeded'])
    expect((await kept()).map(({ key }) => key).sort()).toEqual(['a', 'b'])

    await world.sql(`update subscriptions set plan_key = 'pro' where organization_id = $1`, [organization.id])
    expect((await create('key-1')).status).toBe(201)
  })

  it('after 400 and 409, with another body', async () => {
    expect((await create('key-1', { name: 7 })).status).toBe(400)
    await create('other', { name: 'Shop', slug: 'shop' })
    expect((await create('key-1', { name: 'Shop', slug: 'shop' })).status).toBe(409)
    expect((await create('key-1', { name: 'Shop', slug: 'shop-2' })).status).toBe(201)
  })

  it('after an error of the database in its transaction', async () => {
    await world.sql(`alter table events add constraint no check (type <> 'project.created') not valid`)
    const failed = await create('key-1')
    await world.sql('alter table events drop constraint no')
    expect(failed.status).toBe(500)
    world.logLines.length = 0
    expect(await kept()).toEqual([])
    expect(await projects()).toEqual([])
    expect((await create('key-1')).status).toBe(201)
  })
})

it('forgets after 24 hours: the key is new then, for any request', async () => {
  const first = await create('key-1')
  const move = (age: string) =>
    world.sql(`update idempotency_keys set created_at = now() - interval '${age}' where actor_id = $1`, [
      organization.owner.id,
    ])
  await move('23 hours 59 minutes')
  expect((await create('key-1')).text).toBe(first.text)
  await move('24 hours 1 second')
  const later = await create('key-1', { name: 'Other' })
  expect(later.status).toBe(201)
  expect(later.headers).not.toHaveProperty('idempotent-replayed')
  expect((await create('key-1', { name: 'Other' })).text).toBe(later.text)
  expect(await projects()).toHaveLength(2)
})

it.each([
  ['empty', ''],
  ['too long', 'k'.repeat(256)],
  ['with an umlaut', 'kéy'],
  ['with a tab', 'a\tb'],
])('refuses a key that is %s', async (_what, key) => {
  const answer = await create(key)
  expect(answer.status).toBe(400)
  expect(answer.body.error).toMatchObject({ code: 'invalid_input', details: [{ path: 'Idempotency-Key' }] })
  expect(await projects()).toEqual([])
})

it.each(['k', 'k'.repeat(255), `'; drop table idempotency_keys; -- "%`])(
  'accepts the key %s',
  async (key) => {
    const first = await create(key)
    expect(first.status).toBe(201)
    expect((await create(key)).text).toBe(first.text)
  },
)

it('replays the rotation of a key too', async () => {
  const project = await world.project(organization)
  const rotate = () =>
    organization.owner.post(`${path}/${project.id}/rotate-secret`, {}, { 'idempotency-key': 'rotate' })
  const [first, again] = [await rotate(), await rotate()]
  expect(first.status).toBe(200)
  expect(again.text).toBe(first.text)
  expect((await world.withBearer(again.body.secretKey).get('/v1/backend/application')).status).toBe(200)
})

it('keeps the answer sealed: nothing of it can be read at rest, and it opens for its own row only', async () => {
  const { body } = await create('key-1')
  const [row] = await kept()
  for (const text of [body.secretKey, body.secretKey.slice(8), body.project.id, 'secretKey']) {
    expect(row?.row).not.toContain(text)
    for (const encoding of ['hex', 'base64'] as const) {
      expect(row?.row).not.toContain(Buffer.from(text).toString(encoding))
    }
    expect(row?.sealed_answer.includes(text)).toBe(false)
    expect(row?.sealed_answer.includes(Buffer.from(text, 'utf16le'))).toBe(false)
  }
  const [stored] = await world.sql<{ found: number }>(
    `select count(*)::int as found from (
       select audit_details::text as row from audit_details union all select audit_logs::text from audit_logs
       union all select events::text from events union all select secret_keys::text from secret_keys) as rows
     where row like '%' || $1 || '%'`,
    [body.secretKey],
  )
  expect(stored?.found).toBe(0)

  await world.sql(`update idempotency_keys set key = 'key-2' where actor_id = $1`, [organization.owner.id])
  const moved = await create('key-2')
  expect(moved.status).toBe(500)
  expect(moved.text).not.toContain('sk_live_')
  await until(() => world.logLines.some((line) => line.includes('opens with none of the sealing keys')))
  world.logLines.length = 0
})

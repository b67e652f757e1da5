import { decodeJwt } from 'jose'
import { expect, it } from 'vitest'
import { permissionsOf } from '../../src/roles.ts'
import { cookieOf } from '../support/http.ts'
import { anId, aTime, expectInvalid, expectRefusal } from '../support/shapes.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/v1/auth/register'
const body = (more: Record<string, unknown> = {}) => ({
  email: `ada${Math.random()}@example.com`,
  password: 'correct-horse-battery',
  organization_name: 'Analytical Engines',
  ...more,
})
const slugOf = async (organizationId: string) =>
  (await world.sql('select slug from organizations where id = $1', [organizationId]))[0]?.slug

it('makes user, organization, ownership, Free subscription and session, and tells of them in order', async () => {
  const answer = await world.anonymous.post(
    path,
    body({ email: 'ada@example.com', display_name: ' Ada  Lovelace ', organization_slug: 'engines' }),
  )
  expect(answer.status).toBe(201)
  expect(answer.body).toEqual({
    status: 'success',
    user: {
      user_id: anId('usr'),
      organization_id: anId('org'),
      email: 'ada@example.com',
      display_name: 'Ada  Lovelace',
      is_platform_admin: false,
      auth_method: 'password',
      session_id: anId('ses'),
      mfa_verified_at: null,
    },
    capabilities: { role: 'owner', permissions: [...permissionsOf.owner] },
    access_token: expect.any(String),
    expires_in: 900,
  })
  expect(answer.headers['cache-control']).toBe('no-store')
  const { user_id, organization_id, session_id } = answer.body.user
  expect(decodeJwt(answer.body.access_token)).toMatchObject({ sub: user_id, sid: session_id })
  expect((await world.withCookie(cookieOf(answer) ?? '').get('/v1/auth/session')).status).toBe(200)

  expect(
    await world.sql('select plan_key, status, seat_limit from subscriptions where organization_id = $1', [
      organization_id,
    ]),
  ).toEqual([{ plan_key: 'free', status: 'active', seat_limit: null }])
  const events = await world.events(organization_id)
  expect(
    events.map(({ sequence, type, data, organization }) => ({ sequence, type, data, organization })),
  ).toEqual(
    [
      {
        type: 'user.created',
        data: {
          id: user_id,
          email: 'ada@example.com',
          emailVerified: false,
          name: 'Ada  Lovelace',
          disabled: false,
        },
      },
      {
        type: 'organization.created',
        data: { id: organization_id, slug: 'engines', name: 'Analytical Engines', createdAt: aTime },
      },
      {
        type: 'member.added',
        data: {
          userId: user_id,
          email: 'ada@example.com',
          name: 'Ada  Lovelace',
          role: 'owner',
          joinedAt: aTime,
        },
      },
      {
        type: 'session.created',
        data: { id: session_id, userId: user_id, authMethod: 'password', expiresAt: aTime },
      },
    ].map((event, at) => ({
      sequence: String(at + 1),
      organization: { id: organization_id, slug: 'engines' },
      ...event,
    })),
  )
  expect(
    (await world.auditLog(organization_id)).map(({ action, actor_kind, request_id }) => [
      action,
      actor_kind,
      request_id,
    ]),
  ).toEqual(
    ['user.created', 'organization.created', 'member.added', 'session.created', 'auth.login'].map(
      (action) => [action, 'anyone', answer.headers['x-request-id']],
    ),
  )
})

it('refuses a taken address with 409 and leaves nothing behind', async () => {
  const taken = body()
  await world.anonymous.post(path, taken)
  const [before] = await world.sql('select count(*) from organizations')
  const answer = await world.anonymous.post(path, { ...taken, organization_name: 'Another' })
  expectRefusal(answer, 'conflict', [{ path: 'email', message: 'is taken' }])
  expect(answer.headers['set-cookie']).toBeUndefined()
  expect(await world.sql('select count(*) from organizations')).toEqual([before])
})

it('refuses a taken slug that was asked for, whole: there is no account afterwards', async () => {
  await world.anonymous.post(path, body({ organization_slug: 'wanted' }))
  const second = body({ organization_slug: 'wanted' })
  expectRefusal(await world.anonymous.post(path, second), 'conflict', [{ path: 'slug', message: 'is taken' }])
  expect(await world.sql('select id from users where email = $1', [second.email])).toEqual([])
})

it('derives a slug from the name, with a suffix when it is taken', async () => {
  const name = { organization_name: 'Ada’s Café & Söhne' }
  const first = await world.anonymous.post(path, body(name))
  const second = await world.anonymous.post(path, body(name))
  const nothing = await world.anonymous.post(path, body({ organization_name: '計算機' }))
  expect(await slugOf(first.body.user.organization_id)).toBe('ada-s-cafe-sohne')
  expect(await slugOf(second.body.user.organization_id)).toMatch(/^ada-s-cafe-sohne-[0-9a-z]{6}$/)
  expect(await slugOf(nothing.body.user.organization_id)).toBe('workspace')
})

it('lets exactly one of fifteen simultaneous registrations of one address win', async () => {
  const email = 'race@example.com'
  const answers = await Promise.all(
    Array.from({ length: 15 }, () => world.anonymous.post(path, body({ email }))),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(14).fill(409)])
  expect(
    await world.sql(
      'select count(*)::int as owned from memberships join users on users.id = user_id where email = $1',
      [email],
    ),
  ).toEqual([{ owned: 1 }])
})

it.each([
  ['short', 'elevenchars'],
  ['long', 'abc'.repeat(86)],
  ['common', 'Password12345'],
  ['of one character', 'aaaaaaaaaaaaaaaa'],
])('refuses a %s password', async (_kind, password) => {
  expectInvalid(await world.anonymous.post(path, body({ password })), 'password')
})

it.each([['twelve.chars'], [`${'xyz'.repeat(85)}0`], ['短い文でも十二文字あれば良い']])(
  'takes any password of 12 to 256 characters: %s',
  async (password) => {
    const answer = await world.anonymous.post(path, body({ password }))
    expect(answer.status).toBe(201)
    expect((await world.signIn(answer.body.user.email, password)).id).toBe(answer.body.user.user_id)
  },
)

it.each([
  [{ organization_name: '' }, 'organization_name'],
  [{ organization_name: '   ' }, 'organization_name'],
  [{ organization_name: 'x'.repeat(201) }, 'organization_name'],
  [{ organization_name: 'a\u0007b' }, 'organization_name'],
  [{ organization_name: undefined }, 'organization_name'],
  [{ organization_slug: 'Upper' }, 'organization_slug'],
  [{ organization_slug: 'x'.repeat(101) }, 'organization_slug'],
  [{ display_name: 7 }, 'display_name'],
  [{ password: undefined }, 'password'],
])('names the field that it cannot accept: %j', async (more, field) => {
  expectInvalid(await world.anonymous.post(path, body(more)), field)
})

it('refuses unknown fields, and takes null for an absent one', async () => {
  expect((await world.anonymous.post(path, body({ role: 'owner' }))).status).toBe(400)
  const answer = await world.anonymous.post(path, body({ display_name: null, organization_slug: null }))
  expect(answer.status).toBe(201)
  expect(answer.body.user.display_name).toBeNull()
})

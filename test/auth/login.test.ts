import argon2 from 'argon2'
import { decodeJwt } from 'jose'
import { expect, it } from 'vitest'
import { permissionsOf } from '../../src/roles.ts'
import { cookieOf } from '../support/http.ts'
import { anId, expectInvalid, expectRefusal, indistinct } from '../support/shapes.ts'
import { whileLocked } from '../support/while-locked.ts'
import { type Person, startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/v1/auth/login'
const signIn = (email: string, password: string) => world.anonymous.post(path, { email, password })

async function disabledPerson(): Promise<Person> {
  const { owner } = await world.organization()
  await world.sql('update users set disabled_at = now() where id = $1', [owner.id])
  return owner
}

/** How often Argon2 ran: everything that hashes goes through the context's queue. */
async function hashesDuring(work: () => Promise<unknown>): Promise<number> {
  const { hashing } = world.ctx
  let runs = 0
  world.ctx.hashing = { ...hashing, run: (hash) => hashing.run(hash).finally(() => void runs++) }
  await work().finally(() => {
    world.ctx.hashing = hashing
  })
  return runs
}

it('starts a session where the person worked last', async () => {
  const { owner, id } = await world.organization()
  const answer = await signIn(owner.email, owner.password)
  expect(answer.status).toBe(200)
  expect(answer.body).toEqual({
    status: 'success',
    user: {
      user_id: owner.id,
      organization_id: id,
      email: owner.email,
      display_name: null,
      is_platform_admin: false,
      auth_method: 'password',
      session_id: anId('ses'),
      mfa_verified_at: null,
    },
    capabilities: { role: 'owner', permissions: [...permissionsOf.owner] },
    access_token: expect.any(String),
    expires_in: 900,
  })
  expect(decodeJwt(answer.body.access_token)).toMatchObject({ sub: owner.id, org: id })
})

it('makes a new token and a new session every time, and leaves the others alone', async () => {
  const { owner } = await world.organization()
  const again = await world.signIn(owner.email)
  const third = await world.signIn(owner.email)
  expect(new Set([owner.cookie, again.cookie, third.cookie]).size).toBe(3)
  const seen = await Promise.all([owner, again, third].map((person) => person.get('/v1/auth/session')))
  expect(new Set(seen.map(({ body }) => body.user.session_id)).size).toBe(3)
})

it('ignores a cookie that somebody planted before', async () => {
  const { owner } = await world.organization()
  const planted = 'A'.repeat(43)
  const answer = await world.withCookie(planted).post(path, { email: owner.email, password: owner.password })
  expect(cookieOf(answer)).not.toBe(planted)
  expectRefusal(await world.withCookie(planted).get('/v1/auth/session'), 'authentication_required')
})

it('answers wrong, unknown and disabled alike, after one Argon2 run each', async () => {
  const { owner } = await world.organization()
  const disabled = await disabledPerson()
  const tries = [
    () => signIn(owner.email, 'not-the-password'),
    () => signIn('nobody@example.com', owner.password),
    () => signIn(disabled.email, disabled.password),
    () => signIn(disabled.email, 'not-the-password'),
  ]
  for (const attempt of tries) expect(await hashesDuring(attempt)).toBe(1)
  const answers = await Promise.all(tries.map((attempt) => attempt()))
  for (const answer of answers) {
    expectRefusal(answer, 'authentication_required')
    expect(indistinct(answer)).toEqual(indistinct(answers[0] as (typeof answers)[0]))
    expect(answer.headers['set-cookie']).toBeUndefined()
  }
  expect(await hashesDuring(() => signIn(owner.email, owner.password))).toBe(1)
})

it('renews a hash with older parameters when its password is proven, not before', async () => {
  const { owner } = await world.organization()
  const old = await argon2.hash(owner.password, { memoryCost: 8_192, timeCost: 1, parallelism: 1 })
  const stored = async () => {
    const sql = 'select password_hash, changed_at from password_credentials where user_id = $1'
    return (await world.sql<{ password_hash: string; changed_at: Date }>(sql, [owner.id]))[0]
  }
  await world.sql('update password_credentials set password_hash = $2 where user_id = $1', [owner.id, old])
  const before = await stored()
  await signIn(owner.email, 'not-the-password')
  expect(await stored()).toEqual(before)
  expect((await signIn(owner.email, owner.password)).status).toBe(200)
  expect(await stored()).toEqual({
    password_hash: expect.stringMatching(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/),
    changed_at: before?.changed_at,
  })
  expect((await signIn(owner.email, owner.password)).status).toBe(200)
})

it.each([
  ['changes', "update password_credentials set password_hash = 'another' where user_id = $1"],
  ['is disabled', 'update users set disabled_at = now() where id = $1'],
])('lets no session begin behind a person who %s at this moment', async (_what, statement) => {
  const { owner } = await world.organization()
  const [answer] = await whileLocked(world, { statement, values: [owner.id] }, () => [
    signIn(owner.email, owner.password),
  ])
  if (!answer) throw new Error('no answer')
  expectRefusal(answer, 'authentication_required')
  expect(await world.sql('select id from sessions where user_id = $1', [owner.id])).toHaveLength(1)
})

it('tells every organization of the person', async () => {
  const organization = await world.organization()
  const member = await world.member(organization, 'member')
  const before = (await world.events(organization.id)).length
  const answer = await signIn(member.email, member.password)
  const { session_id } = answer.body.user
  const [event] = (await world.events(organization.id)).slice(before)
  expect(event?.type).toBe('session.created')
  expect(event?.data).toEqual({
    id: session_id,
    userId: member.id,
    authMethod: 'password',
    expiresAt: expect.any(String),
  })
  expect((await world.auditLog(organization.id)).at(-1)).toMatchObject({
    action: 'auth.login',
    target_id: session_id,
    request_id: answer.headers['x-request-id'],
  })
})

it.each([
  [{ email: 'ada@example.com' }, 'password'],
  [{ password: 'x' }, 'email'],
  [{ email: 'ada@example.com', password: '' }, 'password'],
  [{ email: 'ada@example.com', password: 'x'.repeat(257) }, 'password'],
  [{ email: ['ada@example.com'], password: 'x' }, 'email'],
])('names the field that it cannot accept: %j', async (body, field) => {
  expectInvalid(await world.anonymous.post(path, body), field)
})

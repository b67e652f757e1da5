import { decodeJwt } from 'jose'
import { expect, it } from 'vitest'
import type { Caller } from '../support/caller.ts'
import { cookieOf } from '../support/http.ts'
import { expectRefusal } from '../support/shapes.ts'
import { whileLocked } from '../support/while-locked.ts'
import { type Person, startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/v1/auth/refresh'
const session = '/v1/auth/session'

async function refreshed(caller: Caller): Promise<Caller & { cookie: string }> {
  const answer = await caller.post(path)
  expect(answer.status).toBe(200)
  const cookie = cookieOf(answer) ?? ''
  return { ...world.withCookie(cookie), cookie }
}
const isSignedIn = async (caller: Caller) => (await caller.get(session)).status === 200

/** Moves what the session's tokens did so many seconds into the past. */
const age = (person: Person, seconds: number) =>
  world.sql(
    `update session_tokens set issued_at = issued_at - make_interval(secs => $2),
       superseded_at = superseded_at - make_interval(secs => $2)
     from sessions where sessions.id = session_id and user_id = $1`,
    [person.id, seconds],
  )

it('gives a new token for the same session, and an access token', async () => {
  const { owner } = await world.organization()
  const before = (await owner.get(session)).body.user.session_id
  const expiry = () => world.sql('select expires_at from sessions where id = $1', [before])
  const [expires] = await expiry()
  const answer = await owner.post(path)
  expect(answer.status).toBe(200)
  expect(answer.body).toEqual({ access_token: expect.any(String), expires_in: 900 })
  expect(decodeJwt(answer.body.access_token).sid).toBe(before)
  const cookie = cookieOf(answer) ?? ''
  expect(cookie).toMatch(/^[\w-]{43}$/)
  expect(cookie).not.toBe(owner.cookie)
  expect((await world.withCookie(cookie).get(session)).body.user.session_id).toBe(before)
  expect(await expiry(), 'the absolute limit stays').toEqual([expires])
})

it('keeps the old token good until the new one is first used', async () => {
  const { owner } = await world.organization()
  const next = await refreshed(owner)
  expect(await isSignedIn(owner)).toBe(true)
  expect(await isSignedIn(owner)).toBe(true)
  expect(await isSignedIn(next)).toBe(true)
  expect(await isSignedIn(owner)).toBe(false)
})

it('signs nobody out whose answer was lost', async () => {
  const { owner } = await world.organization()
  await refreshed(owner)
  await refreshed(owner)
  const third = await refreshed(owner)
  expect(await isSignedIn(third)).toBe(true)
  expect(await isSignedIn(await refreshed(third))).toBe(true)
})

it('signs nobody out who refreshes fifty times at once', async () => {
  const { owner } = await world.organization()
  const answers = await Promise.all(Array.from({ length: 50 }, () => owner.post(path)))
  expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
  const cookies = answers.map((answer) => cookieOf(answer) ?? '')
  expect(new Set(cookies).size).toBe(50)
  const uses = await Promise.all(cookies.map((cookie) => isSignedIn(world.withCookie(cookie))))
  expect(uses).toEqual(Array(50).fill(true))
})

it('gives each of two refreshes that meet in the database a good token', async () => {
  const { owner } = await world.organization()
  const lock = { statement: 'select from sessions where user_id = $1 for update', values: [owner.id] }
  const [one, two] = await whileLocked(world, lock, () => [refreshed(owner), refreshed(owner)])
  expect(one && (await isSignedIn(one))).toBe(true)
  expect(two && (await isSignedIn(two))).toBe(true)
})

it('ends the session when the old token comes back after the new one was used, and says so', async () => {
  const { owner, id } = await world.organization()
  const { session_id } = (await owner.get(session)).body.user
  const other = await world.signIn(owner.email)
  const next = await refreshed(owner)
  const bearer = world.withBearer((await next.post(path)).body.access_token)
  expect(await isSignedIn(bearer)).toBe(true)

  const reuse = await owner.get(session)
  expectRefusal(reuse, 'authentication_required')
  expect(await isSignedIn(next)).toBe(false)
  expect(await isSignedIn(bearer)).toBe(false)
  expect(await isSignedIn(other)).toBe(true)
  expectRefusal(await owner.post(path), 'authentication_required')
  expect(
    (await world.auditLog(id))
      .slice(-2)
      .map(({ action, target_id, request_id }) => [action, target_id, request_id]),
  ).toEqual([
    ['session.revoked', session_id, reuse.headers['x-request-id']],
    ['auth.session_token.reused', session_id, reuse.headers['x-request-id']],
  ])
  expect((await world.events(id)).at(-1)).toMatchObject({
    type: 'session.revoked',
    data: { id: session_id, userId: owner.id, reason: 'token_reused' },
  })
})

it('tells of a reuse once, also when the old token comes back ten times at once', async () => {
  const { owner, id } = await world.organization()
  expect(await isSignedIn(await refreshed(owner))).toBe(true)
  await Promise.all(Array.from({ length: 10 }, () => owner.get(session)))
  const reuses = (await world.auditLog(id)).filter(({ action }) => action === 'auth.session_token.reused')
  expect(reuses).toHaveLength(1)
})

it('lets the old token live for 60 s, even if the new one was never used', async () => {
  const { owner } = await world.organization()
  const next = await refreshed(owner)
  await age(owner, 58)
  expect(await isSignedIn(owner)).toBe(true)
  await age(owner, 3)
  expect(await isSignedIn(owner)).toBe(false)
  expect(await isSignedIn(next), 'the session has ended').toBe(false)
})

it('ends the session for a token from long ago', async () => {
  const { owner } = await world.organization()
  const second = await refreshed(owner)
  const third = await refreshed(second)
  expect(await isSignedIn(third)).toBe(true)
  expect(await isSignedIn(owner)).toBe(false)
  expect(await isSignedIn(third)).toBe(false)
})

it('wants the cookie: an access token cannot become a longer session', async () => {
  const { owner } = await world.organization()
  const stranger = (await world.organization()).owner
  expectRefusal(await world.anonymous.post(path), 'authentication_required')
  const authorization = `Bearer ${owner.accessToken}`
  for (const cookie of [undefined, 'A'.repeat(43), stranger.cookie, owner.cookie]) {
    const headers = { authorization, cookie: cookie && `seqn_session=${cookie}` }
    const answer = await world.anonymous.post(path, undefined, headers)
    expectRefusal(answer, 'authentication_required')
    expect(answer.headers['set-cookie']).toBeUndefined()
  }
  expect(await isSignedIn(owner)).toBe(true)
  expect(await isSignedIn(stranger)).toBe(true)
})

it('sees a reuse that only became one while it waited: the session ends, and that is on record', async () => {
  const { owner, id } = await world.organization()
  const next = await refreshed(owner)
  const statement = `with held as (select id from sessions where user_id = $1 for update)
    update session_tokens set first_used_at = clock_timestamp() from held
    where session_id = held.id and superseded_at is null`
  const [answer] = await whileLocked(world, { statement, values: [owner.id] }, () => [owner.post(path)])
  expect(answer?.status).toBe(401)
  expect(await isSignedIn(next)).toBe(false)
  expect((await world.auditLog(id)).slice(-2).map(({ action }) => action)).toEqual([
    'session.revoked',
    'auth.session_token.reused',
  ])
})

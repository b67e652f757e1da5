import { expect, it } from 'vitest'
import { expectRefusal } from '../support/shapes.ts'
import { type Person, startWorld } from '../support/world.ts'

const world = startWorld({ environment: { SESSION_IDLE_DAYS: '3', SESSION_ABSOLUTE_DAYS: '10' } })
const isSignedIn = async (person: Person) => (await person.get('/v1/auth/session')).status === 200
const move = (person: Person, column: 'last_seen_at' | 'expires_at', interval: string) =>
  world.sql(`update sessions set ${column} = now() + $2::interval where user_id = $1`, [person.id, interval])
const seconds = async (person: Person, expression: string) =>
  (
    await world.sql<{ seconds: number }>(
      `select round(extract(epoch from ${expression}))::int as seconds from sessions where user_id = $1`,
      [person.id],
    )
  )[0]?.seconds

it('ends after the idle days, for cookie and access token', async () => {
  const { owner } = await world.organization()
  await move(owner, 'last_seen_at', '-3 days 1 minute')
  expect(await isSignedIn(owner)).toBe(true)
  await move(owner, 'last_seen_at', '-3 days')
  expectRefusal(await owner.get('/v1/auth/session'), 'authentication_required')
  expectRefusal(await world.withBearer(owner.accessToken).get('/v1/me'), 'authentication_required')
  expectRefusal(await owner.post('/v1/auth/refresh'), 'authentication_required')
})

it('is seen to the minute: use keeps it alive, without a write per request', async () => {
  const { owner } = await world.organization()
  await move(owner, 'last_seen_at', '-59 seconds')
  expect(await isSignedIn(owner)).toBe(true)
  await world.ctx.batches.flush()
  expect(await seconds(owner, 'now() - last_seen_at')).toBeGreaterThanOrEqual(59)
  await move(owner, 'last_seen_at', '-2 days')
  expect(await isSignedIn(owner)).toBe(true)
  expect(await isSignedIn(owner)).toBe(true)
  await world.ctx.batches.flush()
  expect(await seconds(owner, 'now() - last_seen_at')).toBeLessThan(30)
})

it('ends after the absolute days, however much it is used', async () => {
  const { owner } = await world.organization()
  expect(await seconds(owner, 'expires_at - created_at')).toBe(10 * 86_400)
  await owner.post('/v1/auth/refresh')
  expect(await seconds(owner, 'expires_at - created_at')).toBe(10 * 86_400)
  await move(owner, 'expires_at', '1 minute')
  expect(await isSignedIn(owner)).toBe(true)
  await move(owner, 'expires_at', '0')
  expectRefusal(await owner.get('/v1/auth/session'), 'authentication_required')
  expectRefusal(await world.withBearer(owner.accessToken).get('/v1/me'), 'authentication_required')
})

import { expect, it } from 'vitest'
import { call } from '../support/http.ts'
import { startService } from '../support/service.ts'
import { expectRefusal, indistinct } from '../support/shapes.ts'
import { startWorld } from '../support/world.ts'

const environment = { TRUSTED_PROXIES: '127.0.0.1' }
const world = startWorld({ environment })
const path = '/v1/auth/login'
let networks = 0
const anotherNetwork = () => `198.51.100.${++networks}`

const from = (address: string) => world.caller({ 'x-forwarded-for': address })
const tryIn = (address: string, email: string, password = 'not-the-password') =>
  from(address).post(path, { email, password })

async function fail(address: string, email: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) expectRefusal(await tryIn(address, email), 'authentication_required')
}
const letLockPass = () => world.sql('update guess_locks set locked_until = now()')
const lockSeconds = async () =>
  (
    await world.sql('select extract(epoch from locked_until - updated_at)::int as seconds from guess_locks')
  )[0]?.seconds

it('gives five guesses, then refuses also the right password, for this account from this network', async () => {
  const { owner } = await world.organization()
  const other = (await world.organization()).owner
  const network = anotherNetwork()
  await fail(network, owner.email, 5)
  for (const password of ['not-the-password', owner.password]) {
    const refused = await tryIn(network, owner.email, password)
    expectRefusal(refused, 'rate_limited')
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1)
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(15)
  }
  expectRefusal(await tryIn(network, owner.email.toUpperCase(), owner.password), 'rate_limited')
  expect((await tryIn(network, other.email, other.password)).status).toBe(200)
  expect((await tryIn(anotherNetwork(), owner.email, owner.password)).status).toBe(200)
  expectRefusal(await tryIn(network, owner.email, owner.password), 'rate_limited')
})

it('locks accounts that do not exist just the same', async () => {
  const { owner } = await world.organization()
  const network = anotherNetwork()
  const answers = await Promise.all(
    [owner.email, 'nobody@example.com'].map(async (email) => {
      await fail(network, email, 5)
      return tryIn(network, email)
    }),
  )
  expect(answers[0]?.status).toBe(429)
  const [known, unknown] = answers.map(indistinct)
  expect(known).toEqual(unknown)
})

it('counts the right password of a disabled person as any other guess', async () => {
  const { owner } = await world.organization()
  await world.sql('update users set disabled_at = now() where id = $1', [owner.id])
  const network = anotherNetwork()
  for (let i = 0; i < 5; i++)
    expectRefusal(await tryIn(network, owner.email, owner.password), 'authentication_required')
  expectRefusal(await tryIn(network, owner.email, owner.password), 'rate_limited')
})

it('counts a whole IPv6 /64 as one place', async () => {
  const { owner } = await world.organization()
  for (let host = 1; host <= 5; host++) await fail(`2001:db8:1:2::${host}`, owner.email, 1)
  expectRefusal(await tryIn('2001:db8:1:2:ffff::9', owner.email, owner.password), 'rate_limited')
  expect((await tryIn('2001:db8:1:3::1', owner.email, owner.password)).status).toBe(200)
})

it('doubles the lock with each further failure, from 15 s to 15 min', async () => {
  await world.sql('delete from guess_locks')
  const { owner } = await world.organization()
  const network = anotherNetwork()
  await fail(network, owner.email, 4)
  expect(await lockSeconds()).toBe(0)
  const waits: unknown[] = []
  for (let round = 0; round < 8; round++) {
    await fail(network, owner.email, 1)
    waits.push(await lockSeconds())
    await letLockPass()
  }
  expect(waits).toEqual([15, 30, 60, 120, 240, 480, 900, 900])
})

it('forgets failures after the right password, and after a day without a guess', async () => {
  const { owner } = await world.organization()
  const network = anotherNetwork()
  await fail(network, owner.email, 4)
  expect((await tryIn(network, owner.email, owner.password)).status).toBe(200)
  await fail(network, owner.email, 5)
  await world.sql("update guess_locks set locked_until = now(), updated_at = now() - interval '25 hours'")
  await fail(network, owner.email, 5)
  expectRefusal(await tryIn(network, owner.email), 'rate_limited')
})

it('keeps locks over a restart', async () => {
  const { owner } = await world.organization()
  const network = anotherNetwork()
  await fail(network, owner.email, 5)
  const restarted = await startService(world.database, { environment })
  try {
    const answer = await call(restarted.port, {
      method: 'POST',
      path,
      headers: { 'x-forwarded-for': network },
      body: { email: owner.email, password: owner.password },
    })
    expectRefusal(answer, 'rate_limited')
  } finally {
    await restarted.stop()
  }
})

it('counts guesses that arrive together: of fifteen, five are judged', async () => {
  const { owner } = await world.organization()
  const network = anotherNetwork()
  const answers = await Promise.all(Array.from({ length: 15 }, () => tryIn(network, owner.email)))
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(5).fill(401), ...Array(10).fill(429)])
})

import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  appOrigin,
  exchange,
  exchangeFor,
  makeApp,
  refresh,
  signInTo,
  verify,
} from '../support/app-sign-in.ts'
import { cookieOf } from '../support/http.ts'
import { worldThrough } from '../support/replica.ts'
import { startService, type TestService } from '../support/service.ts'
import { expectRefusal } from '../support/shapes.ts'
import { eventually } from '../support/spawned.ts'
import { startWorld, type World } from '../support/world.ts'

const world = startWorld()
let services: TestService[]
let second: World
let third: World

beforeAll(async () => {
  services = [await startService(world.database), await startService(world.database)]
  ;[second, third] = services.map((service) => worldThrough(world, service)) as [World, World]
})
afterAll(async () => {
  for (const service of services) await service.stop()
})

/** The three in turn. */
const at = (index: number) => [world, second, third][index % 3] as World

/** Asks until it is refused, which takes the time of a notice; test/replicas/revocation.test.ts measures it. */
const untilRefused = (ask: () => Promise<{ status: number }>) => {
  let status = 0
  const asking = async () => {
    status = (await ask()).status
  }
  return eventually(() => {
    void asking()
    return status === 401
  }, 'the session has ended')
}

it('signs in on one, refreshes on another, signs out on a third, and all of them know', async () => {
  const { owner } = await world.organization()
  for (const replica of [world, second, third]) {
    expect((await replica.withCookie(owner.cookie).get('/v1/me')).status).toBe(200)
    expect((await replica.withBearer(owner.accessToken).get('/v1/me')).status).toBe(200)
  }
  const refreshed = await second.withCookie(owner.cookie).post('/v1/auth/refresh')
  expect(refreshed.status).toBe(200)
  const cookie = cookieOf(refreshed) ?? ''
  expect((await world.withBearer(refreshed.body.access_token).get('/v1/me')).status).toBe(200)
  expect((await third.withCookie(cookie).post('/v1/auth/logout')).status).toBe(204)
  for (const replica of [world, second, third]) {
    await untilRefused(() => replica.withCookie(cookie).get('/v1/me'))
    await untilRefused(() => replica.withBearer(refreshed.body.access_token).get('/v1/me'))
  }
})

it('ends a session everywhere when a replica is shown a token that another has replaced', async () => {
  const { owner } = await world.organization()
  await second.withCookie(owner.cookie).get('/v1/me')
  const cookie = cookieOf(await world.withCookie(owner.cookie).post('/v1/auth/refresh')) ?? ''
  expect((await third.withCookie(cookie).get('/v1/me')).status, 'the new token is used').toBe(200)
  await untilRefused(() => second.withCookie(owner.cookie).get('/v1/me'))
  for (const replica of [world, second, third])
    await untilRefused(() => replica.withCookie(cookie).get('/v1/me'))
})

it('lets an app sign in on one, refresh on another and be verified on a third', async () => {
  const organization = await world.organization()
  const project = await makeApp(world, organization, { origins: [appOrigin] })
  const visitor = (await world.organization()).owner
  const visit = await signInTo(world, project, visitor)
  expect((await verify(third, project, visit.sessionToken)).body.active).toBe(true)
  const refreshed = await refresh(second, project, visit.sessionToken)
  expect(refreshed.status).toBe(200)
  for (const replica of [world, second, third]) {
    expect((await verify(replica, project, refreshed.body.sessionToken)).body.active).toBe(true)
    expect((await verify(replica, project, refreshed.body.accessToken)).body.active).toBe(true)
  }
})

it('gives a session to one of those who show one code at all of them', async () => {
  const project = await makeApp(world, await world.organization(), { origins: [appOrigin] })
  const body = await exchangeFor((await world.organization()).owner, project)
  const shown = Array.from({ length: 15 }, (_, index) => exchange(at(index), project, body))
  const statuses = (await Promise.all(shown)).map(({ status }) => status)
  expect(statuses.sort()).toEqual([200, ...Array<number>(14).fill(400)])
})

it('signs nobody out who refreshes fifty times at once at all of them', async () => {
  const project = await makeApp(world, await world.organization(), { origins: [appOrigin] })
  const { sessionToken } = await signInTo(world, project, (await world.organization()).owner)
  for (const replica of [world, second, third])
    expect((await verify(replica, project, sessionToken)).body.active).toBe(true)
  const asked = Array.from({ length: 50 }, (_, index) => refresh(at(index), project, sessionToken))
  const answers = await Promise.all(asked)
  expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  for (const [index, { body }] of answers.entries())
    expect((await verify(at(index + 1), project, body.sessionToken)).body.active).toBe(true)
})

it('counts guesses of one account together', async () => {
  const { owner } = await world.organization()
  const { email, password } = owner
  const login = (replica: World, secret: string) =>
    replica.anonymous.post('/v1/auth/login', { email, password: secret })
  for (const replica of [world, second, third, world, second])
    expectRefusal(await login(replica, 'not-the-password'), 'authentication_required')
  for (const replica of [world, second, third]) expectRefusal(await login(replica, password), 'rate_limited')
})

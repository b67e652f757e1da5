import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { answerChanges, makeChange } from '../support/answer-changes.ts'
import { type Asked, cacheNames, type Household, makeHousehold } from '../support/cached-answers.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import type { Answer } from '../support/http.ts'
import { startOidcWorld } from '../support/oidc-world.ts'
import {
  askedDuring,
  findQueries,
  holdReaders,
  householdFor,
  readAll,
  staleReaders,
  untilTrusted,
} from '../support/stale-answers.ts'

let proxy: FaultProxy
const oidc = startOidcWorld({
  noticesThrough: async (url) => {
    proxy = await startFaultProxy(url)
    return proxy.url
  },
})
let asked: Map<string, Asked>
let household: Household

beforeAll(async () => {
  household = await makeHousehold(oidc.world)
  asked = await findQueries(oidc.world, household)
  await untilTrusted(oidc.world, household, asked)
})
afterEach(() => proxy.slowDown({ delayMs: 0 }))
afterAll(() => proxy.stop())

/** Tries again where a busy machine did not prove its connection for notices in time. */
async function untilFromMemory(read: () => Promise<string[]>): Promise<void> {
  let names = await read()
  for (let attempt = 0; attempt < 20 && names.length > 0; attempt++) names = await read()
  expect(names, 'were asked of the database').toEqual([])
}

describe('without a change', () => {
  const { world } = oidc
  const read = () => askedDuring(asked, () => readAll(world, household))

  it('what was read is answered from memory, by every cache', () => untilFromMemory(read))

  it('what was read while it was held is answered from memory, too', async () => {
    await untilFromMemory(async () => {
      await (await holdReaders(world, household, asked))()
      return read()
    })
    world.ctx.cache.forgetAll()
    expect(await read()).toEqual([...cacheNames].sort())
  })
})

it.each(answerChanges)('nobody hears an answer that was under way after: $name', async (change) => {
  const { world } = oidc
  const house = await householdFor(oidc, change)
  const before = await readAll(world, house)
  await untilTrusted(world, household, asked)
  const letGo = await holdReaders(world, house, asked)
  // Notices are late: what this process changed it has to know by itself.
  proxy.slowDown({ delayMs: 150 })
  await makeChange(oidc, change, house)
  await letGo()
  expect(await staleReaders(world, house)).toEqual([])
  const after = await readAll(world, house)
  const altered = cacheNames.filter((name) => before[name] !== after[name])
  expect(altered).toEqual(expect.arrayContaining(change.alters))
})

/** Every credential of a household, which is shown as every kind of credential. */
const credentialsOf = ({ owner, project, visit }: Household) => ({
  secretKey: project.secretKey,
  publishableKey: project.publishableKey,
  cookie: owner.cookie,
  accessToken: owner.accessToken,
  sessionToken: visit.sessionToken,
  projectAccessToken: visit.accessToken,
})

it('finds no answer of one kind of credential, or of one tenant, with another', async () => {
  const { world } = oidc
  const houses = [await makeHousehold(world), await makeHousehold(world)] as const
  for (const house of houses) await readAll(world, house)
  await untilTrusted(world, household, asked)
  const [one, other] = houses.map(credentialsOf)
  const shown = Object.entries({ ...one })
  const { secretKey, publishableKey } = other as ReturnType<typeof credentialsOf>
  const status = async (answer: Promise<Answer>) => (await answer).status
  for (const [kind, token] of shown) {
    const isOneOf = (...kinds: string[]) => kinds.includes(kind)
    const results = {
      key: await status(world.withBearer(token).get('/v1/backend/application')),
      publishable: await status(world.withPublishableKey(token).get('/v1/client/config')),
      cookie: await status(world.withCookie(token).get('/v1/users/me')),
      bearer: await status(world.withBearer(token).get('/v1/users/me')),
      me: await status(world.withBearer(token).get('/v1/me')),
      active: (await world.withBearer(secretKey).post('/v1/backend/sessions/verify', { token })).body.active,
      refreshed: await status(
        world.withPublishableKey(publishableKey).post('/v1/client/sessions/refresh', { sessionToken: token }),
      ),
    }
    expect(results, kind).toEqual({
      key: isOneOf('secretKey') ? 200 : 401,
      publishable: isOneOf('publishableKey') ? 200 : 400,
      cookie: isOneOf('cookie') ? 200 : 401,
      bearer: isOneOf('accessToken') ? 200 : 401,
      me: isOneOf('accessToken', 'projectAccessToken') ? 200 : 401,
      active: false,
      refreshed: 401,
    })
  }
  expect(await staleReaders(world, houses[0])).toEqual([])
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AnswerChange, answerChanges, makeChange } from '../support/answer-changes.ts'
import { type Asked, type CacheName, type Household, makeHousehold } from '../support/cached-answers.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { startOidcWorld } from '../support/oidc-world.ts'
import { householdThrough, worldThrough } from '../support/replica.ts'
import { startService, type TestService } from '../support/service.ts'
import { findQueries, householdFor, readAll, untilTrusted } from '../support/stale-answers.ts'
import type { World } from '../support/world.ts'

const contractMs = 1_000

const oidc = startOidcWorld()
let proxy: FaultProxy
let service: TestService
let replica: World
let home: Household
let asked: Map<string, Asked>

beforeAll(async () => {
  const { world } = oidc
  service = await startService(world.database, {
    environment: oidc.settings,
    noticesThrough: async (url) => {
      proxy = await startFaultProxy(url)
      return proxy.url
    },
  })
  replica = worldThrough(world, service)
  home = householdThrough(replica, await makeHousehold(world))
  asked = await findQueries(replica, home)
})
afterAll(async () => {
  await service.stop()
  await proxy.stop()
})

/** How long after the answer to a change on one replica the other began to answer a last request as before. */
async function lastAcceptedMs(change: AnswerChange, meanwhile: () => void): Promise<number> {
  const { world } = oidc
  const house = await householdFor(oidc, change)
  const there = householdThrough(replica, house)
  // In this order: what was read before a new connection for notices is forgotten with it.
  await untilTrusted(replica, home, asked)
  await readAll(replica, there)
  meanwhile()
  await makeChange(oidc, change, house)
  const answeredAt = performance.now()

  let truth: Record<CacheName, string> | undefined
  world.ctx.cache.forgetAll()
  const learning = readAll(world, house).then((facts) => {
    truth = facts
  })
  const heard: { beganMs: number; facts: Record<CacheName, string> }[] = []
  const isOld = (facts: Record<CacheName, string>) => JSON.stringify(facts) !== JSON.stringify(truth)
  for (;;) {
    const beganMs = performance.now() - answeredAt
    const facts = await readAll(replica, there)
    heard.push({ beganMs, facts })
    if (truth && (!isOld(facts) || beganMs > 3 * contractMs)) break
  }
  await learning
  return heard.findLast(({ facts }) => isOld(facts))?.beganMs ?? 0
}

describe('a change on one replica is seen by the other', () => {
  it.each(answerChanges)('after: $name', async (change) => {
    expect(await lastAcceptedMs(change, () => undefined)).toBeLessThan(contractMs)
  })
})

describe('a replica whose connection for notices is a black hole sees it in time, too', () => {
  const names = [
    'secret key rotated',
    'project disabled',
    'URLs changed',
    'session signed out',
    'person disabled by SQL',
    'project session signed out',
  ]
  const lastMs: number[] = []

  it.each(answerChanges.filter(({ name }) => names.includes(name)))('after: $name', async (change) => {
    const last = await lastAcceptedMs(change, () => proxy.goSilent())
    await proxy.heal()
    lastMs.push(last)
    expect(last).toBeLessThan(contractMs)
  })

  it('as the old answers show that it gave for a moment', () => {
    expect(lastMs).toHaveLength(names.length)
    expect(Math.max(...lastMs)).toBeGreaterThan(0)
  })
})

import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { answerChanges, makeChange } from '../support/answer-changes.ts'
import {
  type Asked,
  type CacheName,
  cacheNames,
  type Household,
  makeHousehold,
  readers,
} from '../support/cached-answers.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { startOidcWorld } from '../support/oidc-world.ts'
import { factsOf, findQueries, householdFor, readAll, untilTrusted } from '../support/stale-answers.ts'
import { extent } from './harness/extent.ts'
import { seeded } from './harness/random.ts'

const rounds = extent.isLong ? Math.max(500, extent.rounds) : 12
const random = seeded(extent.seed)
const below = (most: number) => Math.floor(random() * most)

let proxy: FaultProxy
const oidc = startOidcWorld({
  noticesThrough: async (url) => {
    proxy = await startFaultProxy(url)
    return proxy.url
  },
})
const { world } = oidc
let asked: Map<string, Asked>
let home: Household

beforeAll(async () => {
  home = await makeHousehold(world)
  asked = await findQueries(world, home)
})
afterAll(() => proxy.stop())

/** Reads with every reader, each again and again, until it is told to stop; keeps what was heard since `listen`. */
function readAlways(household: Household) {
  const heard: [CacheName, string][] = []
  let isListening = false
  let isOver = false
  let count = 0
  const loops = cacheNames.map(async (name) => {
    while (!isOver) {
      const counts = isListening
      const facts = factsOf(await readers[name](world, household))
      count++
      if (counts) heard.push([name, facts])
    }
  })
  return {
    count: () => count,
    listen() {
      isListening = true
    },
    async stop() {
      isOver = true
      await Promise.all(loops)
      return heard
    },
  }
}

async function after(count: () => number, more: number): Promise<void> {
  const until = count() + more
  while (count() < until) await turn()
}

it(
  `hears no stale answer in ${rounds} rounds of changes under readers`,
  async () => {
    let reads = 0
    let questions = 0
    for (const { query } of asked.values()) {
      const { find } = query
      query.find = (ctx, input) => {
        questions++
        return find(ctx, input)
      }
    }
    const stale: string[] = []
    for (let round = 0; round < rounds; round++) {
      const change = answerChanges[(round + extent.seed) % answerChanges.length]
      if (!change) continue
      proxy.slowDown({ delayMs: 0 })
      const house = await householdFor(oidc, change)
      await untilTrusted(world, home, asked)
      proxy.slowDown({ delayMs: below(100) })
      const reading = readAlways(house)
      const changing = async () => {
        await after(reading.count, below(40))
        await makeChange(oidc, change, house)
        // A token that came back ends its session with the first who shows it.
        const first = await readAll(world, house)
        reading.listen()
        await after(reading.count, 8 + below(20))
        return first
      }
      const first = await changing().finally(reading.stop)
      const heard = [...Object.entries(first), ...(await reading.stop())]
      world.ctx.cache.forgetAll()
      const truth = await readAll(world, house)
      for (const [name, facts] of heard)
        if (facts !== truth[name as CacheName])
          stale.push(
            `round ${round}, ${change.name}, ${name}: ${facts} instead of ${truth[name as CacheName]}`,
          )
      reads += reading.count()
    }
    expect(stale, `seed ${extent.seed}`).toEqual([])
    expect(questions, 'most was answered from memory').toBeLessThan(reads)
  },
  rounds * 10_000,
)

import { setTimeout as wait } from 'node:timers/promises'
import type { AnswerChange } from './answer-changes.ts'
import {
  type Asked,
  askedOf,
  type CacheName,
  cacheNames,
  type Household,
  makeHousehold,
  readers,
} from './cached-answers.ts'
import type { Answer } from './http.ts'
import type { OidcWorld } from './oidc-world.ts'
import type { World } from './world.ts'

/** Old tokens first: showing one may end its session, and that is no staleness of what is read after it. */
const inOrder: CacheName[] = ['sessions', 'project_sessions']
const ordered = [...inOrder, ...cacheNames.filter((name) => !inOrder.includes(name))]

/** Each reader is held by its own query alone: those that another is asked on the way to come after it. */
const heldInOrder: CacheName[] = [
  'access_tokens',
  'me',
  'project_sessions',
  'project_access_tokens',
  'registered_origins',
  'client_configs',
  'sessions',
  'secret_keys',
]

type Facts = Record<CacheName, string>

/** What an answer tells, without the time at which it was told. */
export const factsOf = ({ status, headers, body }: Answer) =>
  JSON.stringify([
    status,
    headers['access-control-allow-origin'],
    { ...body, checkedAt: undefined, error: body?.error?.code },
  ])

/** What every reader hears now. */
export async function readAll(world: World, household: Household): Promise<Facts> {
  const facts: Partial<Facts> = {}
  for (const name of ordered) facts[name] = factsOf(await readers[name](world, household))
  return facts as Facts
}

/** Those whose answer came from memory and is not what the database says. Nothing may change meanwhile. */
export async function staleReaders(world: World, household: Household): Promise<CacheName[]> {
  const heard = await readAll(world, household)
  world.ctx.cache.forgetAll()
  const true_ = await readAll(world, household)
  return cacheNames.filter((name) => heard[name] !== true_[name])
}

/** The cached queries, by name. */
export async function findQueries(world: World, household: Household): Promise<Map<string, Asked>> {
  const asked = await askedOf(world, () => readAll(world, household))
  return asked
}

/** Which queries are asked while `work` runs: the others answered from memory. */
export async function askedDuring(
  asked: Map<string, Asked>,
  work: () => Promise<unknown>,
): Promise<string[]> {
  const names = new Set<string>()
  const finds = [...asked].map(([name, { query }]) => {
    const { find } = query
    query.find = (ctx, input) => {
      names.add(name)
      return find(ctx, input)
    }
    return () => {
      query.find = find
    }
  })
  try {
    await work()
  } finally {
    for (const restore of finds) restore()
  }
  return [...names].sort()
}

/** Waits until answers are given from memory: the connection for notices has to prove itself first, and again on a busy machine. */
export async function untilTrusted(
  world: World,
  household: Household,
  asked: Map<string, Asked>,
): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    await readers.client_configs(world, household)
    const again = await askedDuring(asked, () => readers.client_configs(world, household))
    if (again.length === 0) return
    await wait(10)
  }
  throw new Error('nothing is ever answered from memory')
}

/**
 * Starts every reader on an empty cache and holds each between what the database told it and keeping that; the returned
 * function lets them go on.
 */
export async function holdReaders(
  world: World,
  household: Household,
  asked: Map<string, Asked>,
): Promise<() => Promise<unknown>> {
  world.ctx.cache.forgetAll()
  const released = Promise.withResolvers<void>()
  const reading: Promise<unknown>[] = []
  for (const name of heldInOrder) {
    const { query } = asked.get(name) as Asked
    const { find } = query
    const held = Promise.withResolvers<void>()
    // The first to ask is held; whoever asks after it passes.
    query.find = async (ctx, input) => {
      query.find = find
      const found = await find(ctx, input)
      held.resolve()
      await released.promise
      return found
    }
    const answer = readers[name](world, household)
    reading.push(answer)
    await Promise.race([held.promise, answer])
    query.find = find
  }
  return () => {
    released.resolve()
    return Promise.all(reading)
  }
}

export async function householdFor(oidc: OidcWorld, { prepare }: AnswerChange): Promise<Household> {
  const household = await makeHousehold(oidc.world)
  return { ...household, ...(await prepare?.(oidc, household)) }
}

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type CachedQuery, type CacheOutcome, type Found, makeCache } from '../../src/change/cache.ts'
import type { Context } from '../../src/context.ts'

type Answer = Found<string> | undefined

let isTrusted: boolean
let outcomes: CacheOutcome[]
let cache: ReturnType<typeof makeCache>

beforeEach(() => {
  isTrusted = true
  outcomes = []
  cache = makeCache({
    context: () => ({}) as Context,
    isTrusted: () => isTrusted,
    onOutcome: (_name, outcome) => outcomes.push(outcome),
  })
})

afterEach(() => void vi.useRealTimers())

/** A query whose every call waits until the test answers it. */
function heldQuery(options: Partial<CachedQuery<string, string>> = {}) {
  const waiting: { input: string; answer: (found: Answer) => void; fail: (error: Error) => void }[] = []
  const query: CachedQuery<string, string> = {
    name: 'held',
    most: 100,
    find: (_ctx, input) =>
      new Promise((answer, fail) => {
        waiting.push({ input, answer, fail })
      }),
    ...options,
  }
  return { query, waiting }
}

/** A query that finds what `rows` holds at that moment. */
function queryOf(rows: Map<string, string>, options: Partial<CachedQuery<string, string>> = {}) {
  const query: CachedQuery<string, string> = {
    name: 'rows',
    most: 100,
    find: async (_ctx, input) => {
      const value = rows.get(input)
      return value === undefined ? undefined : found(value, [`user:${input}`])
    },
    ...options,
  }
  return query
}

const found = (value: string, tags = ['user:a'], seconds = 60): Found<string> => ({ value, tags, seconds })
const get = (query: CachedQuery<string, string>, key = 'a') => cache.get(query, key, key)

describe('an answer in memory', () => {
  it('is given at once, as long as no tag of it changed', async () => {
    const query = queryOf(new Map([['a', 'one']]))
    expect(await get(query)).toBe('one')
    cache.forget(['user:b', 'session:a'])
    expect(get(query)).toBe('one')
    expect(outcomes).toEqual(['miss', 'hit'])
  })

  it.each([['user:a'], ['organization:x']])('is forgotten with any of its tags: %s', async (tag) => {
    const { query, waiting } = heldQuery()
    const first = get(query)
    waiting[0]?.answer(found('one', ['user:a', 'organization:x']))
    expect(await first).toBe('one')
    cache.forget([tag])
    const second = get(query)
    waiting[1]?.answer(found('two', ['user:a', 'organization:x']))
    expect(await second).toBe('two')
    expect(get(query)).toBe('two')
    expect(outcomes).toEqual(['miss', 'miss', 'hit'])
  })

  it('stays forgotten however often something else was compared since', async () => {
    const rows = new Map([
      ['a', 'one'],
      ['b', 'other'],
    ])
    const query = queryOf(rows)
    await get(query, 'a')
    await get(query, 'b')
    cache.forget(['user:a'])
    expect(get(query, 'b')).toBe('other')
    cache.forget(['user:c'])
    rows.set('a', 'two')
    expect(await get(query, 'a')).toBe('two')
  })

  it.each([
    ['one of its tags', () => cache.forget(['user:a'])],
    ['everything', () => cache.forget(['*'])],
    ['everything, as after a gap', () => cache.forgetAll()],
  ])('does not count when it was asked for before %s changed and came after', async (_what, change) => {
    const { query, waiting } = heldQuery()
    const early = get(query)
    change()
    waiting[0]?.answer(found('stale'))
    expect(await early, 'who asked before may hear it').toBe('stale')
    const late = get(query)
    expect(waiting, 'who asks after it asks anew').toHaveLength(2)
    waiting[1]?.answer(found('fresh'))
    expect(await late).toBe('fresh')
    expect(get(query)).toBe('fresh')
  })

  it('does not come back when a slow reader overtakes a fresh one', async () => {
    const { query, waiting } = heldQuery()
    const slow = get(query)
    cache.forget(['user:a'])
    const quick = get(query)
    waiting[1]?.answer(found('fresh'))
    await quick
    waiting[0]?.answer(found('stale'))
    await slow
    const next = get(query)
    expect(next).not.toBe('stale')
    waiting[2]?.answer(found('fresh'))
    expect(await next).toBe('fresh')
  })

  it('goes when more tags changed than are kept, and those that count after that do', async () => {
    const rows = new Map([['a', 'one']])
    const query = queryOf(rows)
    await get(query)
    cache.forget(Array.from({ length: 10_000 }, (_, index) => `user:${index}`))
    expect(get(query), 'ten thousand are kept').toBe('one')
    cache.forget(['user:one-more'])
    rows.set('a', 'two')
    expect(await get(query)).toBe('two')
    expect(get(query)).toBe('two')
  })

  it.each([
    [0.05, 50],
    [59, 59_000],
    [3_600, 60_000],
    [Number.POSITIVE_INFINITY, 60_000],
  ])('that holds for %s s is kept for %s ms', async (seconds, keptMs) => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { query, waiting } = heldQuery()
    const asked = get(query)
    waiting[0]?.answer(found('one', [], seconds))
    await asked
    vi.advanceTimersByTime(keptMs - 1)
    expect(get(query)).toBe('one')
    vi.advanceTimersByTime(1)
    void get(query)
    expect(waiting).toHaveLength(2)
  })

  it.each([0, -5])('that holds for %s s is not kept', async (seconds) => {
    const { query, waiting } = heldQuery()
    const asked = get(query)
    waiting[0]?.answer(found('one', [], seconds))
    expect(await asked).toBe('one')
    void get(query)
    expect(waiting).toHaveLength(2)
  })

  it('counts its time from before the question, because the answer may have been under way', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { query, waiting } = heldQuery()
    const asked = get(query)
    vi.advanceTimersByTime(60)
    waiting[0]?.answer(found('one', [], 0.05))
    await asked
    void get(query)
    expect(waiting).toHaveLength(2)
  })

  it('gives way to newer ones when there are too many, the longest unused first', async () => {
    const rows = new Map(['a', 'b', 'c'].map((key) => [key, key]))
    const query = queryOf(rows, { most: 2 })
    await get(query, 'a')
    await get(query, 'b')
    get(query, 'a')
    await get(query, 'c')
    outcomes.length = 0
    get(query, 'a')
    await get(query, 'b')
    expect(outcomes).toEqual(['hit', 'miss'])
  })

  it('is of one query: the same key of another finds nothing', async () => {
    const one = queryOf(new Map([['a', 'one']]))
    const other = queryOf(new Map([['a', 'other']]))
    await get(one)
    expect(await get(other)).toBe('other')
    expect(get(one)).toBe('one')
  })
})

describe('a cache that cannot be trusted', () => {
  it('asks every time, says what it heard, and keeps it for when it can be trusted', async () => {
    const rows = new Map([['a', 'one']])
    const query = queryOf(rows)
    isTrusted = false
    expect(await get(query)).toBe('one')
    rows.set('a', 'two')
    expect(await get(query)).toBe('two')
    isTrusted = true
    expect(get(query)).toBe('two')
    isTrusted = false
    rows.set('a', 'three')
    expect(await get(query)).toBe('three')
    expect(outcomes).toEqual(['bypass', 'bypass', 'hit', 'bypass'])
  })

  it('knows nothing of before a gap', async () => {
    const rows = new Map([['a', 'one']])
    const query = queryOf(rows)
    isTrusted = false
    await get(query)
    rows.set('a', 'two')
    cache.forgetAll()
    isTrusted = true
    expect(await get(query)).toBe('two')
  })
})

describe('that nothing was found', () => {
  const unknown = { most: 10, seconds: 10 }

  it('is not kept unless the query says so', async () => {
    const rows = new Map<string, string>()
    const query = queryOf(rows)
    expect(await get(query)).toBeUndefined()
    rows.set('a', 'one')
    expect(await get(query)).toBe('one')
  })

  it('is kept where it says so, until everything is forgotten', async () => {
    const rows = new Map<string, string>()
    const query = queryOf(rows, { unknown })
    expect(await get(query)).toBeUndefined()
    expect(get(query), 'from memory').toBeUndefined()
    expect(outcomes).toEqual(['miss', 'hit'])
    rows.set('a', 'one')
    cache.forget(['*'])
    expect(await get(query)).toBe('one')
  })

  it('is kept apart: garbage in any number drives out no good answer', async () => {
    const query = queryOf(new Map([['a', 'one']]), { most: 1, unknown })
    await get(query)
    for (let index = 0; index < 1_000; index++) await get(query, `garbage ${index}`)
    expect(get(query)).toBe('one')
  })

  it('is bounded: the longest unused garbage is asked for anew', async () => {
    const query = queryOf(new Map(), { unknown })
    for (let index = 0; index <= unknown.most; index++) await get(query, `garbage ${index}`)
    outcomes.length = 0
    await get(query, `garbage ${unknown.most}`)
    await get(query, 'garbage 0')
    expect(outcomes).toEqual(['hit', 'miss'])
  })

  it('is remembered of what was found before and is gone', async () => {
    const rows = new Map([['a', 'one']])
    const query = queryOf(rows, { unknown })
    await get(query)
    rows.delete('a')
    cache.forget(['user:a'])
    outcomes.length = 0
    expect(await get(query)).toBeUndefined()
    expect(get(query)).toBeUndefined()
    expect(outcomes).toEqual(['miss', 'hit'])
  })

  it('is over when it was found after all', async () => {
    const rows = new Map<string, string>()
    const query = queryOf(rows, { most: 1, unknown })
    await get(query)
    rows.set('a', 'one')
    isTrusted = false
    await get(query)
    isTrusted = true
    rows.set('b', 'driver-out')
    await get(query, 'b')
    expect(await get(query), 'driven out, and asked for anew').toBe('one')
  })
})

describe('a query that fails', () => {
  it('fails for who asked, and the next one asks anew', async () => {
    const { query, waiting } = heldQuery({ unknown: { most: 10, seconds: 10 } })
    const first = get(query)
    waiting[0]?.fail(new Error('the database is gone'))
    await expect(first).rejects.toThrow('the database is gone')
    const second = get(query)
    waiting[1]?.answer(found('one'))
    expect(await second).toBe('one')
    expect(get(query)).toBe('one')
  })

  it('leaves what was kept before where it still holds', async () => {
    const { query, waiting } = heldQuery()
    const first = get(query)
    waiting[0]?.answer(found('one'))
    await first
    isTrusted = false
    const second = get(query)
    waiting[1]?.fail(new Error('the database is gone'))
    await expect(second).rejects.toThrow()
    isTrusted = true
    expect(get(query)).toBe('one')
  })
})

it('keeps no answer that is too large, whose number alone would not bound memory', async () => {
  const kept = async (characters: number) => {
    const value = 'x'.repeat(characters)
    const query: CachedQuery<string, string> = {
      name: 'texts',
      most: 100,
      find: async () => ({ ...found(value), characters }),
    }
    await get(query)
    return get(query) === value
  }
  expect(await kept(16_384)).toBe(true)
  expect(await kept(16_385)).toBe(false)
})

import { LRUCache } from 'lru-cache'
import type { Context } from '../context.ts'
import type { Known } from '../lib/when-known.ts'

/** What a query found, which rows it rests on, and for how many seconds it holds if none of them changes. */
export type Found<Value> = {
  value: Value
  /** `user:usr_…`, `organization:org_…`, `project:app_…`, `session:ses_…`: the tags of migration 0006. */
  tags: string[]
  seconds: number
  /** How many characters the value has, where its owner decides on that. The largest are not kept: memory is bounded. */
  characters?: number
}

/** A family of answers that are kept in memory. */
export type CachedQuery<Input, Value> = {
  /** Its name in metrics. */
  name: string
  /** How many are kept; the longest unused goes first. */
  most: number
  /** Asks the database. Undefined is not kept, but for `unknown`. */
  find: (ctx: Context, input: Input) => Promise<Found<Value> | undefined>
  /** That nothing was found is kept too, apart from the rest, where it cannot become otherwise by a change of ours. */
  unknown?: { most: number; seconds: number }
}

/** How a look-up ended; `bypass` is one that memory could not vouch for. */
export type CacheOutcome = 'hit' | 'miss' | 'bypass'

export type Cache = {
  /**
   * The value under `key` (of a secret its hash, never itself): at once where it is kept and certainly still true, else from the
   * database.
   */
  get<Input, Value>(query: CachedQuery<Input, Value>, key: string, input: Input): Known<Value | undefined>
  /** Forgets what rests on these rows. */
  forget(tags: Iterable<string>): void
  forgetAll(): void
}

type Entry = {
  value: unknown
  tags: string[]
  /** Taken before the query: what changed later may be missing in it. */
  tick: number
  /** The tick at which it was last compared with what has changed. */
  comparedAt: number
  /** On the monotonic clock. */
  until: number
}
type Bounds = { most: number; unknown?: { most: number } }
type Store = { found: LRUCache<string, Entry>; unknown: LRUCache<string, Entry> | undefined }

const mostTags = 10_000
const longestSeconds = 60
const mostCharacters = 16_384

type Parts = {
  context: () => Context
  /** Whether every change up to a moment ago was certainly heard of; nothing is answered from memory otherwise. */
  isTrusted: () => boolean
  onOutcome: (name: string, outcome: CacheOutcome) => void
}

/**
 * Keeps answers until a row they rest on changes. Every change moves `tick`; an entry whose query began before the last change
 * of one of its tags does not count, however late it was stored.
 */
export function makeCache({ context, isTrusted, onOutcome }: Parts): Cache {
  let tick = 0
  let floor = 0
  const changed = new Map<string, number>()
  const stores = new Map<Bounds, Store>()

  function makeStore(query: Bounds): Store {
    const made = {
      found: new LRUCache<string, Entry>({ max: query.most }),
      unknown: query.unknown && new LRUCache<string, Entry>({ max: query.unknown.most }),
    }
    stores.set(query, made)
    return made
  }

  function forgetAll(): void {
    floor = ++tick
    changed.clear()
  }

  function isCurrent(entry: Entry): boolean {
    if (performance.now() >= entry.until) return false
    if (entry.comparedAt === tick) return true
    if (entry.tick < floor) return false
    for (const tag of entry.tags) if ((changed.get(tag) ?? 0) > entry.tick) return false
    entry.comparedAt = tick
    return true
  }

  async function ask<Input, Value>(
    query: CachedQuery<Input, Value>,
    store: Store,
    key: string,
    input: Input,
  ): Promise<Value | undefined> {
    const begun = { tick, at: performance.now() }
    const found = await query.find(context(), input)
    const { value, tags, seconds } = found ?? {
      value: undefined,
      tags: [],
      seconds: query.unknown?.seconds ?? 0,
    }
    const until = begun.at + Math.min(seconds, longestSeconds) * 1_000
    const entry = { value, tags, tick: begun.tick, comparedAt: begun.tick, until }
    // What was kept of the key before is over, and would hide what is found now.
    store.found.delete(key)
    store.unknown?.delete(key)
    if (seconds > 0 && (found?.characters ?? 0) <= mostCharacters)
      (found ? store.found : store.unknown)?.set(key, entry)
    return value
  }

  return {
    get(query, key, input) {
      const store = stores.get(query) ?? makeStore(query)
      if (!isTrusted()) {
        onOutcome(query.name, 'bypass')
        return ask(query, store, key, input)
      }
      const entry = store.found.get(key) ?? store.unknown?.get(key)
      if (entry && isCurrent(entry)) {
        onOutcome(query.name, 'hit')
        return entry.value as never
      }
      onOutcome(query.name, 'miss')
      return ask(query, store, key, input)
    },
    forget(tags) {
      tick++
      for (const tag of tags) {
        if (tag === '*') return forgetAll()
        changed.set(tag, tick)
      }
      if (changed.size > mostTags) forgetAll()
    },
    forgetAll,
  }
}

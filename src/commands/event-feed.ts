import { setTimeout as wait } from 'node:timers/promises'
import { SeqnAuthError } from '../../packages/seqn-auth-js/src/errors.ts'
import { isPassing, request } from '../../packages/seqn-auth-js/src/http.ts'
import {
  needSecretKey,
  readCheckedOptions,
  type SeqnAuthOptions,
} from '../../packages/seqn-auth-js/src/options.ts'
import type { SeqnAuthEvent } from '../../packages/seqn-auth-js/src/webhooks.ts'
import { backoffSeconds } from '../lib/backoff.ts'

type Surroundings = { stopping: AbortSignal; onTrouble: (message: string) => void }

/** Up to `limit` events after a number, oldest first. Waits while the service is away; throws where that cannot help. */
export type EventFeed = (after: number, limit: number) => Promise<SeqnAuthEvent[]>

/** The pull feed of the organization that a secret key belongs to. */
export function eventFeed(options: SeqnAuthOptions, { stopping, onTrouble }: Surroundings): EventFeed {
  const settings = readCheckedOptions({
    ...options,
    fetch: (url, init) =>
      fetch(url, { ...init, signal: AbortSignal.any([stopping, ...(init?.signal ? [init.signal] : [])]) }),
  })
  const headers = { Authorization: `Bearer ${needSecretKey(settings)}` }
  return async (after, limit) => {
    for (let failures = 1; ; failures++)
      try {
        const path = `/v1/backend/events?after=${after}&limit=${limit}`
        return (await request<{ data: SeqnAuthEvent[] }>(settings, path, { headers })).data
      } catch (error) {
        if (stopping.aborted || !(error instanceof SeqnAuthError) || !isOverSoon(error)) throw error
        if (failures === 1) onTrouble(error.message)
        const seconds = error.retryAfter ?? backoffSeconds(failures, 1, 8)
        await wait(seconds * 1_000, undefined, { signal: stopping })
      }
  }
}

const isOverSoon = (error: SeqnAuthError) => isPassing(error) || error.status === 429

/** The number of the newest event, found by halving, since a feed tells only what comes after a number. */
export async function newestSequence(feed: EventFeed): Promise<number> {
  // Who asks for what is gone already is told so, and then there is more, too.
  const hasMore = (after: number) =>
    feed(after, 1).then(
      (events) => events.length > 0,
      (error) => {
        if (error instanceof SeqnAuthError && error.apiCode === 'cursor_expired') return true
        throw error
      },
    )
  let [older, newest] = [-1, 0]
  while (await hasMore(newest)) [older, newest] = [newest, 2 * newest + 1]
  while (newest - older > 1) {
    const middle = Math.floor((older + newest) / 2)
    if (await hasMore(middle)) older = middle
    else newest = middle
  }
  return newest
}

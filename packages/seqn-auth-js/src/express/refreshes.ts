import type { SessionAnswer } from '../answers.js'
import type { Settings } from '../options.js'
import { refreshSession, revokeSession } from '../project-session.js'
import { remembered } from './remembered.js'

// Requests that left the browser before it got the new cookie still bring the old one; it must not be used again.
// The service takes a replaced token for as long, and later reuse must reach it: it ends the session then.
const replacedKeptMs = 60_000

/** Refreshes each token once, and knows for a minute what came of it. */
export function createRefreshes(settings: Settings) {
  const refreshes = remembered<SessionAnswer | null>(replacedKeptMs)

  /** The last of the tokens that replaced this one. */
  async function newest(sessionToken: string): Promise<string> {
    const answer = await refreshes.recall(sessionToken)?.catch(() => null)
    const isReplaced = answer && answer.sessionToken !== sessionToken
    return isReplaced ? newest(answer.sessionToken) : sessionToken
  }

  /** Forgets that this token replaced another, and that one another. */
  function forget(sessionToken: string) {
    const gone = new Set([sessionToken])
    refreshes.forget((key, answer) => {
      const isGone = gone.has(key) || (!!answer && gone.has(answer.sessionToken))
      if (isGone) gone.add(key)
      return isGone
    })
  }

  return {
    forget,

    /** New tokens; null when the session has ended, and then no older token leads to it any more. */
    async refresh(sessionToken: string): Promise<SessionAnswer | null> {
      const answer = await refreshes(sessionToken, () => refreshSession(settings, sessionToken))
      if (!answer) forget(sessionToken)
      return answer
    },

    /** Ends a session at the service, whichever of its tokens this is. */
    async end(sessionToken: string): Promise<void> {
      try {
        await revokeSession(settings, await newest(sessionToken))
      } finally {
        forget(await newest(sessionToken))
      }
    },
  }
}

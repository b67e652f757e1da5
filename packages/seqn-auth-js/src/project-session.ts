import type { SessionAnswer } from './answers.js'
import { clientHeaders } from './application.js'
import { SeqnAuthError } from './errors.js'
import { isPassing, request } from './http.js'
import type { Settings } from './options.js'

const pausesMs = [200, 1_000]

/** What comes back with a finished sign-in, to be exchanged once. */
export type Exchange = { code: string; codeVerifier: string; redirectUrl: string }

/** Exchanges a code for a project session with the publishable key. */
export const exchangeCode = (settings: Settings, exchange: Exchange) =>
  request<SessionAnswer>(settings, '/v1/client/sessions/exchange', {
    headers: clientHeaders(settings),
    body: exchange,
  })

/** A new pair of tokens; null when the session has ended. A lost answer is asked for again: the old token is good for a minute. */
export async function refreshSession(
  settings: Settings,
  sessionToken: string,
): Promise<SessionAnswer | null> {
  const call = { headers: clientHeaders(settings), body: { sessionToken } }
  for (let attempt = 0; ; attempt++) {
    try {
      return await request<SessionAnswer>(settings, '/v1/client/sessions/refresh', call)
    } catch (error) {
      if (hasEnded(error)) return null
      const pauseMs = pausesMs[attempt]
      if (pauseMs === undefined || !isPassing(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}

/** Ends a project session at the service; one that has ended already is fine. */
export async function revokeSession(settings: Settings, sessionToken: string): Promise<void> {
  const call = { headers: clientHeaders(settings), body: { sessionToken } }
  await request(settings, '/v1/client/sessions/revoke', call).catch((error) => {
    if (!hasEnded(error)) throw error
  })
}

// A token that is not even well-formed is as good as none.
const hasEnded = (error: unknown) =>
  error instanceof SeqnAuthError && (error.status === 401 || error.apiCode === 'invalid_input')

import type { BackendKeyHealth, Me, PublicConfig } from './answers.js'
import { backendHeaders, clientHeaders } from './application.js'
import { SeqnAuthError } from './errors.js'
import { createHosted, type Hosted } from './hosted.js'
import { request } from './http.js'
import { readCheckedOptions, type SeqnAuthOptions } from './options.js'
import { createSessions, type SeqnAuthSession } from './session.js'
import { createSignIn, type SignInOptions } from './sign-in.js'
import { pageStorage, type SeqnAuthStorage } from './storage.js'

/** Options of a client; the storages default to the page's own, and to memory where there is no page. */
export type SeqnAuthClientOptions = SeqnAuthOptions & {
  /** Keeps the session; `localStorage` unless told. */
  storage?: SeqnAuthStorage | undefined
  /** Keeps state and PKCE verifier while the person is away; `sessionStorage` unless told. */
  signInStorage?: SeqnAuthStorage | undefined
}

/** One project's sign-in and session, in one browser. */
export type SeqnAuthClient = {
  loadPublicConfig(): Promise<PublicConfig>
  verifyBackendKeyHealth(): Promise<BackendKeyHealth>
  signIn: {
    /** Goes to the hosted page, or only makes its address (`navigate: false`, or no browser). */
    start(options: SignInOptions): Promise<string>
    /** Finishes the sign-in that this address brings back; null when it brings none. */
    finish(url?: string | URL): Promise<SeqnAuthSession | null>
  }
  session: {
    /** The session with an access token that is good for another while; null when signed out. */
    get(): Promise<SeqnAuthSession | null>
    /** New tokens now; null when the session has ended. */
    refresh(): Promise<SeqnAuthSession | null>
    /** Signs out of this app. */
    end(): Promise<void>
  }
  /** Who is signed in, fresh from the service; null when nobody is. */
  getMe(): Promise<Me | null>
  hosted: Hosted
}

/** Makes the client of one project. Throws at once when an option must never become a request. */
export function createSeqnAuthClient(options: SeqnAuthClientOptions = {}): SeqnAuthClient {
  const settings = readCheckedOptions(options)
  const sessions = createSessions(settings, options.storage ?? pageStorage('localStorage'))
  const fetchMe = ({ accessToken }: SeqnAuthSession) =>
    request<Me>(settings, '/v1/me', { headers: { Authorization: `Bearer ${accessToken}` } })
  const { get, refresh, end } = sessions

  return {
    loadPublicConfig: async () =>
      request(settings, '/v1/client/config', { headers: clientHeaders(settings) }),
    verifyBackendKeyHealth: async () =>
      request(settings, '/v1/backend/application', { headers: backendHeaders(settings) }),
    signIn: createSignIn(settings, options.signInStorage ?? pageStorage('sessionStorage'), sessions.keep),
    session: { get, refresh, end },
    async getMe() {
      const session = await get()
      if (!session) return null
      try {
        return await fetchMe(session)
      } catch (error) {
        if (!(error instanceof SeqnAuthError && error.status === 401)) throw error
        const renewed = await sessions.replace(session)
        return renewed && fetchMe(renewed)
      }
    },
    hosted: createHosted(settings),
  }
}

import { SeqnAuthError } from '../errors.js'
import { clearCookie, readCookie, setCookie } from './cookies.js'
import type { Place } from './place.js'
import type { ExpressOptions, SeqnAuthRequest, SeqnAuthResponse } from './shapes.js'

/** What the app's own cookie holds. Nothing else of it is believed: both tokens are judged anew each time. */
export type SessionTokens = { sessionToken: string; accessToken: string; signedInAt: number }

export type SessionCookie = ReturnType<typeof createSessionCookie>

// Browsers take 4 KB; base64 makes a third more of it. A cookie that they drop would start the sign-in over and over.
const mostCharacters = 2_800

/** Reads and writes the app's session cookie. */
export function createSessionCookie(options: ExpressOptions) {
  const name = options.cookieName ?? 'seqn_auth'
  const maxAgeSeconds = options.cookieMaxAgeSeconds ?? 2_592_000
  return {
    read(req: SeqnAuthRequest, place: Place): SessionTokens | undefined {
      const tokens = readCookie<SessionTokens>(req, place, name)
      const isWhole = typeof tokens?.sessionToken === 'string' && typeof tokens.accessToken === 'string'
      return isWhole ? tokens : undefined
    },

    set(res: SeqnAuthResponse, place: Place, { sessionToken, accessToken, signedInAt }: SessionTokens) {
      if (sessionToken.length + accessToken.length > mostCharacters)
        throw new SeqnAuthError('invalid_access_token', 'The tokens are too long for a cookie.')
      setCookie(res, place, name, { value: { sessionToken, accessToken, signedInAt }, maxAgeSeconds })
    },

    clear: (res: SeqnAuthResponse, place: Place) => clearCookie(res, place, name),
  }
}

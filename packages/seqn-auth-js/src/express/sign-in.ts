import type { SessionAnswer } from '../answers.js'
import { backendHeaders } from '../application.js'
import { request } from '../http.js'
import type { Settings } from '../options.js'
import { arrivedCode, type Departure, depart } from '../sign-in.js'
import { clearCookie, cookieNames, readCookie, setCookie } from './cookies.js'
import { addressOf, ownPath, placeOf, queryOf } from './place.js'
import { remembered } from './remembered.js'
import type { SessionCookie } from './session-cookie.js'
import {
  type ExpressOptions,
  handler,
  redirect,
  type SeqnAuthRequest,
  type SeqnAuthResponse,
} from './shapes.js'

type Pending = Departure & { returnTo: string | undefined }

const pendingSeconds = 600
const mostPending = 5
const prefix = 'seqn_auth_sign_in_'
const nameOf = (state: string) => prefix + state.slice(0, 16)

/** Leaving for the hosted pages and coming back; state and verifier wait in a cookie of ten minutes. */
export function createExpressSignIn(settings: Settings, options: ExpressOptions, cookie: SessionCookie) {
  const exchanges = remembered<SessionAnswer>(60_000)

  async function leave(
    req: SeqnAuthRequest,
    res: SeqnAuthResponse,
    { signUp, returnTo }: { signUp?: boolean; returnTo?: string | undefined },
  ) {
    const place = placeOf(options, req)
    const { url, state, departure } = await depart(settings, { redirectUrl: place.callbackUrl, signUp })
    // Tabs may finish in any order, so each sign-in has its own cookie; those given up must not pile up.
    const others = cookieNames(req, place, prefix)
    for (const name of others.slice(0, Math.max(0, others.length - mostPending + 1)))
      clearCookie(res, place, name)
    const value: Pending & { state: string } = { ...departure, state, returnTo }
    setCookie(res, place, nameOf(state), { value, maxAgeSeconds: pendingSeconds })
    redirect(res, url)
  }

  const hosted = (signUp: boolean) =>
    handler((req, res) => {
      const returnTo = ownPath(queryOf(req).get('return_to'), placeOf(options, req))
      return leave(req, res, { signUp, returnTo })
    })

  const callback = handler(async (req, res) => {
    const place = placeOf(options, req)
    const query = queryOf(req)
    const state = query.get('state') ?? ''
    const pending = readCookie<Pending & { state: string }>(req, place, nameOf(state))
    clearCookie(res, place, nameOf(state))
    const departure = pending && state && pending.state === state ? pending : null
    const code = arrivedCode(query, departure)
    const { codeVerifier, redirectUrl, returnTo } = departure as Pending
    // Opened twice at once, a callback makes one session.
    const answer = await exchanges(`${code} ${codeVerifier}`, () =>
      request<SessionAnswer>(settings, '/v1/backend/sessions/exchange', {
        headers: backendHeaders(settings),
        body: { code, codeVerifier, redirectUrl },
      }),
    )
    cookie.set(res, place, { ...answer, signedInAt: Date.now() })
    redirect(res, place.url(returnTo ?? options.afterSignInPath ?? '/'))
  })

  return {
    hostedSignIn: hosted(false),
    hostedSignUp: hosted(true),
    callback,

    /** Starts a sign-in that comes back to this very page. */
    leaveAndReturn(req: SeqnAuthRequest, res: SeqnAuthResponse) {
      return leave(req, res, { returnTo: ownPath(addressOf(req), placeOf(options, req)) })
    },
  }
}

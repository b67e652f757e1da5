import type { BackendKeyHealth, PublicConfig } from './answers.js'
import { loadPublicConfig, verifyBackendKeyHealth } from './application.js'
import { placeOf } from './express/place.js'
import { createRefreshes } from './express/refreshes.js'
import { remembered } from './express/remembered.js'
import { createSessionFinder } from './express/require-session.js'
import { createSessionCookie } from './express/session-cookie.js'
import {
  addLocals,
  type ExpressOptions,
  type Handler,
  handler,
  redirect,
  type SeqnAuthRequest,
  type SeqnAuthResponse,
  sendError,
} from './express/shapes.js'
import { createExpressSignIn } from './express/sign-in.js'
import { createWebhook, type WebhookHandler } from './express/webhook.js'
import { createHosted, type Hosted } from './hosted.js'
import { isPassing } from './http.js'
import { readCheckedOptions } from './options.js'

export { SeqnAuthError, type SeqnAuthErrorCode } from './errors.js'
export type { ExpressSession } from './express/require-session.js'
export type { ExpressOptions, Handler, SeqnAuthRequest, SeqnAuthResponse } from './express/shapes.js'
export type { WebhookHandler } from './express/webhook.js'
export type { SeqnAuthEvent, SeqnAuthEventType } from './webhooks.js'

/** How `requireSession` judges. */
export type RequireSessionOptions = {
  /** Ask the service on every request, so that a revocation is seen at once. */
  strict?: boolean | undefined
}

/** Middleware as it is, or made with options: `requireSession` and `requireSession({ strict: true })`. */
export type RequireSession = Handler & ((options: RequireSessionOptions) => Handler)

/** Everything an Express app needs; see `createSeqnAuthExpressHelpers`. */
export type SeqnAuthExpressHelpers = {
  /** Goes to the hosted sign-in page; `?return_to=/path` names where to go afterwards. */
  hostedSignIn: Handler
  hostedSignUp: Handler
  /** Ends the session here and goes to the hosted sign-out page. */
  hostedSignOut: Handler
  /** Finishes the sign-in: mount it at `callbackPath`. */
  callback: Handler
  /** Puts `{ publicConfig, hosted }` into `res.locals.seqnAuth`; the config is at most a minute old. */
  loadPublicConfig: Handler
  verifyBackendKeyHealth(): Promise<BackendKeyHealth>
  /** Lets signed-in people pass, with `res.locals.seqnAuth.session`. Pages go to sign in, everything else gets 401. */
  requireSession: RequireSession
  webhook(receive: WebhookHandler): Handler
  hosted: Hosted
}

const justSignedInMs = 15_000

/** Makes the handlers of an app with server-side pages. Nothing of Express is imported. */
export function createSeqnAuthExpressHelpers(options: ExpressOptions = {}): SeqnAuthExpressHelpers {
  const settings = readCheckedOptions(options)
  const hosted = createHosted(settings)
  const cookie = createSessionCookie(options)
  const { leaveAndReturn, ...signIn } = createExpressSignIn(settings, options, cookie)
  const refreshes = createRefreshes(settings)
  const findSession = createSessionFinder(settings, options, { cookie, refreshes })
  const recentConfig = remembered<PublicConfig>(60_000)
  let lastConfig: PublicConfig | undefined

  const requiring =
    (require: RequireSessionOptions): Handler =>
    async (req, res, next) => {
      try {
        // What a signed-in person sees is for no shared cache; a handler may say otherwise.
        if (!res.getHeader('Cache-Control')) res.setHeader('Cache-Control', 'private')
        if (!(await findSession(req, res, { strict: require.strict ?? false })))
          return await turnAway(req, res)
      } catch (error) {
        return next(error)
      }
      next()
    }

  async function turnAway(req: SeqnAuthRequest, res: SeqnAuthResponse) {
    const tokens = cookie.read(req, placeOf(options, req))
    // Refused right after signing in: doing it again would go round in circles.
    const isLoop = tokens !== undefined && Date.now() - tokens.signedInAt < justSignedInMs
    if (isPageVisit(req) && !isLoop) return leaveAndReturn(req, res)
    sendError(res, 401, 'authentication_required', 'Sign in first.')
  }

  const requireSession = ((...given: [RequireSessionOptions] | Parameters<Handler>) =>
    given.length < 3
      ? requiring((given[0] as RequireSessionOptions) ?? {})
      : requiring({})(...(given as Parameters<Handler>))) as RequireSession

  return {
    ...signIn,
    hosted,
    requireSession,
    webhook: createWebhook(options),
    verifyBackendKeyHealth: () => verifyBackendKeyHealth(settings),

    loadPublicConfig: async (_req, res, next) => {
      try {
        // While the service is down, pages go on with the config they know.
        lastConfig = await recentConfig('', () => loadPublicConfig(settings)).catch((error) => {
          if (lastConfig && isPassing(error)) return lastConfig
          throw error
        })
        addLocals(res, { publicConfig: lastConfig, hosted })
      } catch (error) {
        return next(error)
      }
      next()
    },

    hostedSignOut: handler(async (req, res) => {
      const place = placeOf(options, req)
      const tokens = cookie.read(req, place)
      // A link on another site may lead to the hosted page, which asks, but signs nobody out by itself.
      if (tokens && req.headers['sec-fetch-site'] !== 'cross-site') {
        cookie.clear(res, place)
        // Signed out here in any case; the hosted page ends the rest.
        await refreshes.end(tokens.sessionToken).catch(() => {})
      }
      redirect(res, hosted.signOutUrl({ redirectUrl: place.url(options.afterSignOutPath ?? '/') }))
    }),
  }
}

const isPageVisit = ({ method, headers }: SeqnAuthRequest) =>
  (method === 'GET' || method === 'HEAD') && String(headers.accept ?? '').includes('text/html')

import type { VerifyOptions } from '../access-token.js'

/** What the helpers need of a request: Node's own, so Express, Connect, Polka and plain `node:http` all fit. */
export type SeqnAuthRequest = {
  method?: string | undefined
  url?: string | undefined
  originalUrl?: string | undefined
  protocol?: string | undefined
  headers: Record<string, string | string[] | undefined>
  socket?: unknown
  body?: unknown
  readableEnded?: boolean | undefined
}

/** What the helpers need of a response: Node's own. `locals` is made when the framework has none. */
export type SeqnAuthResponse = {
  statusCode: number
  getHeader(name: string): unknown
  setHeader(name: string, value: string | string[]): unknown
  end(body?: string): unknown
}

/** Goes on with the next handler, or to the error handler. */
export type Next = (error?: unknown) => void

/** A route handler or a middleware. */
export type Handler = (req: SeqnAuthRequest, res: SeqnAuthResponse, next: Next) => Promise<void>

/** Options of the Express helpers. */
export type ExpressOptions = VerifyOptions & {
  /** Where people reach this app, such as `https://app.example.com`. Without it each request's own host is taken. */
  appUrl?: string | undefined
  /** Where `callback` is mounted; its full address is registered on the project. `/auth/callback` unless told. */
  callbackPath?: string | undefined
  /** Where a finished sign-in goes when it was not on its way to a page; `/` unless told. */
  afterSignInPath?: string | undefined
  /** Where the hosted sign-out page comes back to; `/` unless told. */
  afterSignOutPath?: string | undefined
  /** `whsec_…`, several while rotating (`SEQN_AUTH_WEBHOOK_SECRET`). */
  webhookSecret?: string | readonly string[] | undefined
  /** The name of the session cookie, before the prefix `__Host-`; `seqn_auth` unless told. */
  cookieName?: string | undefined
  /** How long the session cookie lasts; 30 days unless told. The service may end the session before. */
  cookieMaxAgeSeconds?: number | undefined
}

/** Wraps a handler so that whatever it throws goes to the error handler. */
export const handler =
  (work: (req: SeqnAuthRequest, res: SeqnAuthResponse) => Promise<unknown>): Handler =>
  async (req, res, next) => {
    try {
      await work(req, res)
    } catch (error) {
      next(error)
    }
  }

/** Sends the browser to another address. */
export function redirect(res: SeqnAuthResponse, url: string) {
  res.statusCode = 302
  res.setHeader('Location', url)
  res.setHeader('Cache-Control', 'no-store')
  res.end()
}

/** Answers an error in the service's own shape. */
export function sendError(res: SeqnAuthResponse, status: number, code: string, message: string) {
  res.statusCode = status
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.setHeader('Cache-Control', 'no-store')
  res.end(JSON.stringify({ error: { code, message } }))
}

/** Adds to `res.locals.seqnAuth`, which templates and later handlers read. */
export function addLocals(res: SeqnAuthResponse, values: object) {
  const holder = res as SeqnAuthResponse & { locals?: { seqnAuth?: object } }
  holder.locals ??= {}
  holder.locals.seqnAuth = { ...holder.locals.seqnAuth, ...values }
}

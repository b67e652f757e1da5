import type { IncomingMessage, ServerResponse } from 'node:http'
import express from 'express'
import {
  createSeqnAuthExpressHelpers,
  type ExpressOptions,
  type Handler,
  type SeqnAuthResponse,
} from '../../src/express.ts'
import { listening } from './listening.ts'
import { publishableKey, type StandIn, secretKey } from './stand-in.ts'

type Locals = { seqnAuth?: { session?: object; publicConfig?: object } }
const shown = (res: SeqnAuthResponse) => JSON.stringify((res as { locals?: Locals }).locals?.seqnAuth)

/** The routes of an app; each list of handlers is tried in turn, as Express does. */
function routes(options: ExpressOptions) {
  const auth = createSeqnAuthExpressHelpers(options)
  const show: Handler = async (_req, res) => {
    res.end(shown(res))
  }
  const received: string[] = []
  const webhook = auth.webhook((event) => {
    const { thrown } = event.data ?? {}
    if (event.type === 'webhook.test')
      throw typeof thrown === 'string' ? thrown : Object.assign(new Error('receiver is broken'), thrown)
    received.push(event.id)
  })
  const list: Record<string, Handler[]> = {
    'GET /auth/sign-in': [auth.hostedSignIn],
    'GET /auth/sign-up': [auth.hostedSignUp],
    'GET /auth/sign-out': [auth.hostedSignOut],
    'GET /auth/callback': [auth.callback],
    'GET /': [auth.loadPublicConfig, show],
    'GET /me': [auth.requireSession, auth.loadPublicConfig, show],
    'GET /strict': [auth.requireSession({ strict: true }), show],
    'POST /webhook': [webhook],
  }
  return { list, received, webhook }
}

/** Starts an app on real Express, or on plain `node:http` with twenty lines in its place. */
export async function startApp(kind: string, service: StandIn, more: ExpressOptions = {}) {
  const { list, received, webhook } = routes({ baseUrl: service.url, publishableKey, secretKey, ...more })

  function fail(error: unknown, res: ServerResponse) {
    res.statusCode = (error as { status?: number }).status ?? 500
    res.end((error as { code?: string }).code ?? String(error))
  }

  function onPlainHttp(req: IncomingMessage, res: ServerResponse) {
    const handlers = list[`${req.method} ${new URL(req.url ?? '/', 'http://a').pathname}`] ?? []
    const next = (at: number) => (error?: unknown) => {
      if (error) return fail(error, res)
      void handlers[at]?.(req, res, next(at + 1))
    }
    next(0)()
  }

  function onExpress() {
    const app = express()
    for (const [route, handlers] of Object.entries(list)) {
      const [method, path = '/'] = route.split(' ')
      if (method === 'GET') app.get(path, ...handlers)
      else app.post(path, ...handlers)
    }
    app.post('/raw-webhook', express.raw({ type: '*/*' }), webhook)
    app.post('/text-webhook', express.text({ type: '*/*' }), webhook)
    app.post('/json-webhook', express.json(), webhook)
    app.use((error: unknown, _req: express.Request, res: express.Response, _next: express.NextFunction) =>
      fail(error, res),
    )
    return app
  }

  const url = await listening(kind === 'Express' ? onExpress() : onPlainHttp)
  return { url, received, browser: () => createBrowser(url) }
}

/** A browser with a cookie jar for one app; it follows no redirect by itself. */
export function createBrowser(url: string) {
  const jar = new Map<string, string>()
  async function get(path: string, headers: Record<string, string> = {}) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(new URL(path, url), {
      redirect: 'manual',
      headers: { accept: 'text/html', ...(cookie && { cookie }), ...headers },
    })
    const setCookies = response.headers.getSetCookie()
    for (const line of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (line.includes('Max-Age=0')) jar.delete(name)
      else jar.set(name, value)
    }
    const location = response.headers.get('location') ?? ''
    return { status: response.status, location, setCookies, text: await response.text(), response }
  }
  return { jar, get }
}

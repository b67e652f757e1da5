import type Provider from 'oidc-provider'
import { type Client, paths } from './configuration.ts'
import { answerHtml, answerRedirect, fail, type HttpContext, type Middleware, swell } from './faults.ts'
import { reissue } from './id-tokens.ts'
import type { Keys } from './keys.ts'
import {
  type CallbackMisbehaviour,
  type FaultyEndpoint,
  faultOf,
  hostileText,
  isOfCallback,
  isOfIdToken,
  type Misbehaviour,
} from './misbehaviours.ts'

export type Received = { method: string; path: string }

type Setup = {
  provider: Provider
  client: Client
  keys: Keys
  elsewhere: string
  requests: Received[]
  how: () => Misbehaviour | undefined
}

const endpoints = new Map<string, FaultyEndpoint>([
  [paths.discovery, 'discovery'],
  [paths.token, 'token'],
  [paths.jwks, 'jwks'],
  [paths.userinfo, 'userinfo'],
])
const globalDiscovery = '/.well-known/openid-configuration'

/** Stands between oidc-provider and the socket: makes its answers Authentik's, and wrong when told to. */
export function wire(setup: Setup): Middleware {
  const { provider, client, keys, elsewhere, requests } = setup
  const signer = { keys, clientId: client.id, clientSecret: client.secret, issuer: provider.issuer }

  async function rewriteToken(ctx: HttpContext, how: Misbehaviour | undefined) {
    if (typeof ctx.body?.id_token !== 'string') return
    const { id_token: token, access_token: accessToken } = ctx.body
    const idToken = await reissue(token, accessToken, signer, isOfIdToken(how) ? how : undefined)
    ctx.body = { ...ctx.body, id_token: idToken }
  }

  function rewriteDiscovery(ctx: HttpContext, how: Misbehaviour | undefined) {
    const issuer = how === 'discovery-wrong-issuer' ? 'https://issuer.example/' : provider.issuer
    const { authorization_response_iss_parameter_supported: _, ...document } = ctx.body
    ctx.body = { ...document, issuer }
  }

  async function rewriteCallback(ctx: HttpContext, how: Misbehaviour | undefined) {
    const location = ctx.response.get('location')
    if (!location || new URL(location, ctx.href).origin === new URL(ctx.href).origin) return
    const callback = new URL(location)
    callback.searchParams.delete('iss')
    if (how === 'code-replay') {
      const code = await provider.AuthorizationCode.find(callback.searchParams.get('code') ?? '')
      await code?.consume()
    } else if (isOfCallback(how)) {
      spoilCallback[how](callback.searchParams)
    }
    ctx.redirect(callback.href)
  }

  return async (ctx, next) => {
    requests.push({ method: ctx.method, path: ctx.path })
    const how = setup.how()
    const endpoint = endpoints.get(ctx.path)
    const fault = endpoint && faultOf(how, endpoint)
    if (fault && fault !== 'huge') return fail(ctx, fault, elsewhere)
    if (endpoint === 'token' && answersInsteadOfToken(ctx, how, elsewhere)) return
    if (ctx.path === globalDiscovery) return
    if (endpoint === 'discovery') ctx.path = globalDiscovery
    if (ctx.path === paths.endSession) ignoreHint(ctx, client.id)

    try {
      await next()
    } catch (error) {
      ctx.status = 500
      ctx.body = error instanceof Error ? error.stack : String(error)
      return
    }

    if (endpoint === 'token') await rewriteToken(ctx, how)
    if (endpoint === 'discovery') rewriteDiscovery(ctx, how)
    if (endpoint === 'jwks') ctx.body = how === 'jwks-empty' ? { keys: [] } : keys.jwks()
    if (how === 'userinfo-other-sub' && endpoint === 'userinfo')
      ctx.body = { ...ctx.body, sub: 'somebody-else' }
    if (ctx.path.startsWith(paths.authorize)) await rewriteCallback(ctx, how)
    if (fault === 'huge') swell(ctx)
  }
}

function answersInsteadOfToken(ctx: HttpContext, how: Misbehaviour | undefined, elsewhere: string): boolean {
  switch (how) {
    case 'token-redirect-307':
      answerRedirect(ctx, 307, elsewhere)
      return true
    case 'token-400-html':
      answerHtml(ctx, 400)
      return true
    case 'token-400-script':
      ctx.status = 400
      ctx.body = { error: 'invalid_grant', error_description: hostileText }
      return true
    default:
      return false
  }
}

const spoilCallback: Record<
  Exclude<CallbackMisbehaviour, 'code-replay'>,
  (query: URLSearchParams) => void
> = {
  'callback-wrong-iss': (query) => query.set('iss', 'https://issuer.example/'),
  'callback-wrong-state': (query) => query.set('state', 'a-state-of-somebody-else'),
  'callback-missing-state': (query) => query.delete('state'),
  'callback-missing-code': (query) => query.delete('code'),
  'callback-error': (query) => {
    query.delete('code')
    query.set('error', 'access_denied')
    query.set('error_description', hostileText)
  },
}

/** Authentik ignores `id_token_hint`; the application is known from the path. */
function ignoreHint(ctx: HttpContext, clientId: string): void {
  const query = new URLSearchParams(ctx.querystring)
  query.delete('id_token_hint')
  query.set('client_id', clientId)
  ctx.querystring = query.toString()
}

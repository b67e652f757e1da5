import { randomBytes } from 'node:crypto'
import { type Configuration, interactionPolicy } from 'oidc-provider'
import type { Keys } from './keys.ts'
import { loginFormUrl } from './login-form.ts'
import { escapeHtml, page } from './pages.ts'
import { acr, claimsOf, type People } from './people.ts'
import type { Store } from './store.ts'

/** Where Authentik has its endpoints for an application with the slug `silver-auth`: some global, some below the issuer. */
export const paths = {
  issuer: '/application/o/silver-auth/',
  discovery: '/application/o/silver-auth/.well-known/openid-configuration',
  authorize: '/application/o/authorize/',
  token: '/application/o/token/',
  userinfo: '/application/o/userinfo/',
  revoke: '/application/o/revoke/',
  endSession: '/application/o/silver-auth/end-session/',
  jwks: '/application/o/silver-auth/jwks/',
}

export type Client = {
  id: string
  secret: string
  redirectUris: string[]
  postLogoutRedirectUris: string[]
  backchannelLogoutUri: string
}

type Setup = {
  client: Client
  people: People
  keys: Keys
  store: Store
  fetch: typeof fetch
  conformIdTokenClaims: boolean
}

const hour = 3600
const day = 24 * hour

/** oidc-provider made to answer like Authentik: implicit consent, claims in the ID token, PKCE where a client sends it. */
export function configurationFor(setup: Setup): Configuration {
  const { client, people, keys, store, fetch, conformIdTokenClaims } = setup
  const policy = interactionPolicy.base()
  policy.remove('consent')
  const origins = new Set(client.redirectUris.map((uri) => new URL(uri).origin))
  return {
    adapter: store.adapter,
    jwks: { keys: [keys.first.privateJwk] },
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: client.redirectUris,
        post_logout_redirect_uris: client.postLogoutRedirectUris,
        backchannel_logout_uri: client.backchannelLogoutUri,
        backchannel_logout_session_required: true,
        grant_types: ['authorization_code'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    clientAuthMethods: ['client_secret_post', 'client_secret_basic'],
    clientBasedCORS: (_ctx, origin) => origins.has(origin),
    acrValues: [acr],
    scopes: ['openid', 'email', 'profile'],
    claims: {
      openid: ['sub', 'acr', 'amr', 'auth_time', 'sid'],
      email: ['email', 'email_verified'],
      profile: ['name', 'preferred_username', 'groups'],
    },
    conformIdTokenClaims,
    pkce: { required: () => false },
    responseTypes: ['code'],
    routes: {
      authorization: paths.authorize,
      token: paths.token,
      userinfo: paths.userinfo,
      revocation: paths.revoke,
      end_session: paths.endSession,
      jwks: paths.jwks,
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      backchannelLogout: { enabled: true },
      revocation: { enabled: true, allowedPolicy: (_ctx, owner, token) => token.clientId === owner.clientId },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource(ctx, form) {
          const yes = '<input type="hidden" name="logout" value="yes"><button>Sign out</button></form>'
          const atOnce = '<script>document.forms[0].submit()</script>'
          ctx.body = page('Signing out', form.replace('</form>', yes) + atOnce)
        },
        postLogoutSuccessSource(ctx) {
          ctx.body = page('Signed out', '')
        },
      },
    },
    fetch: (url, init) => fetch(url, init),
    async findAccount(_ctx, sub) {
      const person = people.get(sub)
      return person && { accountId: sub, claims: () => claimsOf(person) }
    },
    async loadExistingGrant({ oidc }) {
      const { session, client, account, provider } = oidc
      if (!client || !account) return undefined
      const known = session?.grantIdFor(client.clientId)
      const existing = known && (await provider.Grant.find(known))
      if (existing && existing.accountId === account.accountId) return existing
      const grant = new provider.Grant({ clientId: client.clientId, accountId: account.accountId })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
    interactions: { policy, url: (_ctx, { uid }) => loginFormUrl(uid) },
    cookies: { keys: [randomBytes(32).toString('hex')], names: { session: 'authentik_session' } },
    ttl: {
      AccessToken: hour,
      AuthorizationCode: 60,
      Grant: 14 * day,
      IdToken: hour,
      Interaction: hour,
      Session: 14 * day,
    },
    renderError(ctx, { error, error_description: description }, { stack = '' }) {
      const isOurs = error === 'server_error'
      ctx.type = 'html'
      ctx.body = page(
        'The provider refused',
        `<pre>${escapeHtml(isOurs ? stack : `${error}: ${description}`)}</pre>`,
      )
    },
  }
}

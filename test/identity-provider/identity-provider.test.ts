import { decodeJwt, decodeProtectedHeader } from 'jose'
import * as openid from 'openid-client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type CookieJar,
  type IdentityProvider,
  signInAt,
  startIdentityProvider,
} from '../support/identity-provider/identity-provider.ts'
import { projectRoot, run } from '../support/spawned.ts'
import {
  goodbyeUri,
  type RelyingParty,
  redirectUri,
  startLogoutListener,
  startRelyingParty,
} from './relying-party.ts'

const ada = { sub: 'ada', email: 'ada@example.com', emailVerified: true, name: 'Ada <Lovelace>' }
const boss = { sub: 'boss', email: 'boss@example.com', groups: ['SEQN-A', 'Staff'], amr: ['pwd', 'mfa'] }

let provider: IdentityProvider
let app: RelyingParty
let listener: Awaited<ReturnType<typeof startLogoutListener>>

beforeAll(async () => {
  listener = await startLogoutListener()
  provider = await startIdentityProvider({
    redirectUris: [redirectUri],
    postLogoutRedirectUris: [goodbyeUri],
    backchannelLogoutUri: listener.url,
    people: [ada, boss],
  })
  app = await startRelyingParty(provider)
})
afterEach(() => {
  listener.status = 200
  listener.tokens.length = 0
})
afterAll(async () => {
  await provider.stop()
  listener.stop()
})

describe('signing in', () => {
  it('has the addresses of Authentik below a slash-ended issuer', async () => {
    const { origin } = new URL(provider.issuer)
    expect(provider.issuer).toBe(`${origin}/application/o/silver-auth/`)
    expect(app.config.serverMetadata()).toMatchObject({
      issuer: provider.issuer,
      authorization_endpoint: `${origin}/application/o/authorize/`,
      token_endpoint: `${origin}/application/o/token/`,
      userinfo_endpoint: `${origin}/application/o/userinfo/`,
      end_session_endpoint: `${origin}/application/o/silver-auth/end-session/`,
      jwks_uri: `${origin}/application/o/silver-auth/jwks/`,
      token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
      id_token_signing_alg_values_supported: ['RS256'],
      backchannel_logout_session_supported: true,
    })
  })

  it('gives the claims of Authentik for a code, with PKCE', async () => {
    expect(await app.claims('ada')).toEqual({
      iss: provider.issuer,
      sub: 'ada',
      aud: provider.clientId,
      iat: expect.any(Number),
      exp: expect.any(Number),
      auth_time: expect.any(Number),
      acr: 'goauthentik.io/providers/oauth2/default',
      amr: ['pwd'],
      nonce: 'the-nonce',
      at_hash: expect.any(String),
      sid: expect.any(String),
      email: 'ada@example.com',
      email_verified: true,
      name: 'Ada <Lovelace>',
      preferred_username: 'ada@example.com',
      groups: [],
    })
  })

  it('tells groups and how the person signed in, and knows people by their e-mail address', async () => {
    const claims = await app.claims('boss@example.com')
    expect(claims).toMatchObject({ sub: 'boss', groups: ['SEQN-A', 'Staff'], amr: ['pwd', 'mfa'] })
    expect(claims).toMatchObject({ email_verified: false })
  })

  it('tells when the person was asked, not when it was, also of a browser that it knows', async () => {
    const jar: CookieJar = []
    const asked = (await app.claims('ada', jar))?.auth_time
    provider.age('ada', 60)
    expect(await app.claims('ada', jar)).toMatchObject({ auth_time: Number(asked) - 60 })
  })

  it('tells at the userinfo endpoint what the scopes allow', async () => {
    const { access_token } = await app.finish(await app.callback('ada', [], { scope: 'openid email' }))
    expect(await openid.fetchUserInfo(app.config, access_token, 'ada')).toEqual({
      sub: 'ada',
      email: 'ada@example.com',
      email_verified: true,
    })
  })

  it.each([openid.ClientSecretPost, openid.ClientSecretBasic])(
    'takes the client secret by %o',
    async (by) => {
      const config = new openid.Configuration(
        app.config.serverMetadata(),
        provider.clientId,
        {},
        by(provider.clientSecret),
      )
      openid.allowInsecureRequests(config)
      const url = openid.buildAuthorizationUrl(config, { redirect_uri: redirectUri, scope: 'openid' })
      const callback = new URL(await signInAt(provider, url.href, 'ada'))
      expect((await openid.authorizationCodeGrant(config, callback)).claims()?.sub).toBe('ada')
    },
  )

  it('lets in at once who was added a moment ago, and nobody who is unknown', async () => {
    await expect(app.callback('newcomer')).rejects.toThrow('Nobody of that name is known here.')
    provider.people.set('newcomer', { sub: 'newcomer' })
    expect(await app.claims('newcomer')).toMatchObject({ sub: 'newcomer', preferred_username: 'newcomer' })
  })

  it('is silent the second time in the same browser, and asks again for prompt=login', async () => {
    const jar: CookieJar = []
    const first = await app.claims('ada', jar)
    const forms = () => provider.requests.filter(({ path }) => path.startsWith('/if/flow/')).length
    const before = forms()
    expect(await app.claims('nobody types a name', jar)).toMatchObject({ sub: 'ada', sid: first?.sid })
    expect(forms()).toBe(before)
    await expect(app.callback('nobody', jar, { prompt: 'login' })).rejects.toThrow('Nobody of that name')
    provider.people.set('ada', { ...ada, amr: ['pwd', 'mfa'] })
    expect(await app.claims('', jar)).toMatchObject({ amr: ['pwd'] })
    expect(await app.claims('ada', jar, { prompt: 'login' })).toMatchObject({ amr: ['pwd', 'mfa'] })
  })

  it('gives one browser to another person after prompt=login', async () => {
    const jar: CookieJar = []
    const first = await app.claims('ada', jar)
    expect(await app.claims('boss', jar, { prompt: 'login' })).toMatchObject({ sub: 'boss' })
    expect(decodeJwt(listener.tokens[0] ?? '')).toMatchObject({ sub: 'ada', sid: first?.sid })
  })

  it('refuses a redirect address that is not registered on a page of its own', async () => {
    const url = await app.authorizeUrl({ redirect_uri: 'http://evil.test/' })
    await expect(signInAt(provider, url, 'ada')).rejects.toThrow('invalid_redirect_uri')
  })

  it('signs with a new key that the JWKS lists beside the old one', async () => {
    const old = (await app.finish(await app.callback('ada'))).id_token ?? ''
    await provider.rotateKey()
    app = await startRelyingParty(provider) // openid-client looks for new keys a minute after it last did
    const fresh = (await app.finish(await app.callback('ada'))).id_token ?? ''
    expect(decodeProtectedHeader(fresh).kid).not.toBe(decodeProtectedHeader(old).kid)
    for (const token of [old, fresh]) await app.verify(token)
  })
})

it('says nothing on stdout and stderr, and lets the process end after stop', async () => {
  const script = `
    import { signInAt, startIdentityProvider } from './test/support/identity-provider/identity-provider.ts'
    const provider = await startIdentityProvider({ redirectUris: ['${redirectUri}'], postLogoutRedirectUris: [], people: [{ sub: 'ada' }] })
    const origin = new URL(provider.issuer).origin
    const query = 'client_id=silver-auth&response_type=code&scope=openid&redirect_uri=${encodeURIComponent(redirectUri)}'
    await signInAt(provider, origin + '/application/o/authorize/?' + query, 'ada')
    await fetch(origin + '/application/o/authorize/')
    await provider.stop()`
  const words = ['--input-type=module', '--eval', script]
  expect(await run(process.execPath, words, { cwd: projectRoot })).toEqual({ code: 0, output: '' })
})

import { decodeJwt, decodeProtectedHeader } from 'jose'
import * as openid from 'openid-client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type CookieJar,
  type IdentityProvider,
  signOutAt,
  startIdentityProvider,
} from '../support/identity-provider/identity-provider.ts'
import {
  goodbyeUri,
  type RelyingParty,
  redirectUri,
  startLogoutListener,
  startRelyingParty,
} from './relying-party.ts'

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'

let provider: IdentityProvider
let app: RelyingParty
let listener: Awaited<ReturnType<typeof startLogoutListener>>

beforeAll(async () => {
  listener = await startLogoutListener()
  provider = await startIdentityProvider({
    redirectUris: [redirectUri],
    postLogoutRedirectUris: [goodbyeUri],
    backchannelLogoutUri: listener.url,
    people: [{ sub: 'ada' }, { sub: 'boss' }],
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

describe('signing out', () => {
  it('ends the session in the browser, tells the client and leads back', async () => {
    const jar: CookieJar = []
    const claims = await app.claims('ada', jar)
    const url = openid.buildEndSessionUrl(app.config, { post_logout_redirect_uri: goodbyeUri, state: 'bye' })
    expect(await signOutAt(provider, url.href, jar)).toBe(`${goodbyeUri}?state=bye`)
    expect(decodeJwt(listener.tokens[0] ?? '')).toMatchObject({ sub: 'ada', sid: claims?.sid })
    await expect(app.callback('nobody', jar)).rejects.toThrow('Nobody of that name')
  })

  it('leads back without client_id and whatever the hint is, but nowhere that is not registered', async () => {
    const endSession = app.config.serverMetadata().end_session_endpoint
    const to = (uri: string) => `${endSession}?id_token_hint=x&post_logout_redirect_uri=${uri}`
    const jar: CookieJar = []
    await app.claims('ada', jar)
    await expect(signOutAt(provider, to('http://evil.test/'), jar)).rejects.toThrow('not registered')
    expect(await signOutAt(provider, to(goodbyeUri), jar)).toBe(goodbyeUri)
  })

  it('ends every session of a person and sends a logout token for each', async () => {
    await provider.logout('boss')
    listener.tokens.length = 0
    const [phone, laptop]: [CookieJar, CookieJar] = [[], []]
    const sids = [await app.claims('boss', phone), await app.claims('boss', laptop)].map(
      (claims) => claims?.sid,
    )
    listener.status = 204
    expect(await provider.logout('boss')).toEqual([{ status: 204 }, { status: 204 }])
    expect(listener.tokens.map((token) => decodeJwt(token).sid).sort()).toEqual(sids.sort())
    const { payload } = await app.verify(listener.tokens[0] ?? '', {
      typ: 'logout+jwt',
      issuer: provider.issuer,
      audience: provider.clientId,
      requiredClaims: ['iat', 'exp', 'jti', 'sub', 'sid'],
    })
    expect(payload.events).toEqual({ [logoutEvent]: {} })
    for (const jar of [phone, laptop]) await expect(app.callback('nobody', jar)).rejects.toThrow('Nobody of')
    expect(await provider.logout('boss')).toEqual([])
  })

  it('resolves with a refusal of the client', async () => {
    await app.claims('boss')
    listener.status = 400
    expect(await provider.logout('boss')).toEqual([{ status: 400 }])
  })
})

describe('logout tokens made by hand', () => {
  it('are right by default, with the sid of the newest session', async () => {
    const claims = await app.claims('ada')
    const { payload } = await app.verify(await provider.logoutToken({ sub: 'ada' }), { typ: 'logout+jwt' })
    expect(payload).toMatchObject({ sub: 'ada', sid: claims?.sid, events: { [logoutEvent]: {} } })
  })

  it.each([
    ['stranger', 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'],
    ['nobody', 'ERR_JOSE_NOT_SUPPORTED'],
    ['secret', 'ERR_JOSE_NOT_SUPPORTED'],
  ] as const)('signed by %s do not verify', async (signedBy, code) => {
    await expect(app.verify(await provider.logoutToken({ sub: 'ada', signedBy }))).rejects.toMatchObject({
      code,
    })
  })

  it('take other claims and headers, or lack them', async () => {
    const token = await provider.logoutToken({
      sub: 'ada',
      sid: 'of-my-own',
      claims: { nonce: 'forbidden', jti: undefined },
      header: { typ: undefined },
    })
    await app.verify(token)
    expect(decodeJwt(token)).toMatchObject({ sid: 'of-my-own', nonce: 'forbidden' })
    expect(decodeJwt(token)).not.toHaveProperty('jti')
    expect(decodeProtectedHeader(token)).not.toHaveProperty('typ')
  })

  it('replay the last one, whoever sent it', async () => {
    await app.claims('ada')
    await provider.logout('ada')
    expect(await provider.logoutToken({ replay: true })).toBe(listener.tokens.at(-1))
    const made = await provider.logoutToken({ sub: 'ada' })
    expect(await provider.logoutToken({ replay: true })).toBe(made)
  })
})

import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type IdentityProvider,
  type Misbehaviour,
  misbehaviours,
  startIdentityProvider,
} from '../support/identity-provider/identity-provider.ts'
import { goodbyeUri, type RelyingParty, redirectUri, startRelyingParty } from './relying-party.ts'

let provider: IdentityProvider
let app: RelyingParty

const start = () =>
  startIdentityProvider({
    redirectUris: [redirectUri],
    postLogoutRedirectUris: [goodbyeUri],
    people: [{ sub: 'ada', groups: ['Staff'] }],
  })
beforeAll(async () => {
  provider = await start()
  app = await startRelyingParty(provider)
})
afterEach(() => provider.misbehave(undefined))
afterAll(() => provider.stop())

const nowSeconds = () => Date.now() / 1000

describe('ID tokens', () => {
  type Wrong = Exclude<(typeof misbehaviours.idToken)[number], 'missing-id-token'>
  type Fact = { claims?: (claims: JWTPayload) => unknown; header?: object; verifies: true | string }
  const facts: Record<Wrong, Fact> = {
    'wrong-key': { verifies: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' },
    'unknown-kid': { verifies: 'ERR_JWKS_NO_MATCHING_KEY' },
    'edited-token': {
      claims: ({ groups }) => expect(groups).toEqual(['SEQN-A']),
      verifies: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    },
    'alg-none': { header: { alg: 'none' }, verifies: 'ERR_JOSE_NOT_SUPPORTED' },
    'alg-hs256': { header: { alg: 'HS256' }, verifies: 'ERR_JOSE_NOT_SUPPORTED' },
    'wrong-nonce': { claims: ({ nonce }) => expect(nonce).not.toBe('the-nonce'), verifies: true },
    'missing-nonce': { claims: (claims) => expect(claims).not.toHaveProperty('nonce'), verifies: true },
    'wrong-issuer': { claims: ({ iss }) => expect(iss).toContain('issuer.example'), verifies: true },
    'issuer-without-slash': {
      claims: ({ iss }) => expect(`${iss}/`).toBe(provider.issuer),
      verifies: true,
    },
    'wrong-audience': { claims: ({ aud }) => expect(aud).toBe('another-client'), verifies: true },
    'foreign-azp': {
      claims: ({ aud, azp }) =>
        expect([aud, azp]).toEqual([['silver-auth', 'another-client'], 'another-client']),
      verifies: true,
    },
    'audience-list-without-azp': {
      claims: ({ aud, azp }) => expect([aud, azp]).toEqual([['silver-auth', 'another-client'], undefined]),
      verifies: true,
    },
    expired: {
      claims: ({ exp }) => expect(exp).toBeLessThan(nowSeconds() - 60),
      verifies: 'ERR_JWT_EXPIRED',
    },
    'future-iat': { claims: ({ iat }) => expect(iat).toBeGreaterThan(nowSeconds() + 60), verifies: true },
    'future-nbf': {
      claims: ({ nbf }) => expect(nbf).toBeGreaterThan(nowSeconds() + 60),
      verifies: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
    },
    'empty-sub': { claims: ({ sub }) => expect(sub).toBe(''), verifies: true },
    'missing-sub': { claims: (claims) => expect(claims).not.toHaveProperty('sub'), verifies: true },
    'numeric-sub': { claims: ({ sub }) => expect(sub).toBe(42), verifies: true },
  }

  it.each(Object.entries(facts))('%s', async (how, { claims, header, verifies }) => {
    provider.misbehave(how as Wrong)
    const answer = await app.rawExchange(await app.callback('ada'))
    expect(answer.status).toBe(200)
    const { id_token: token } = (await answer.json()) as { id_token: string }
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'RS256', ...header })
    claims?.(decodeJwt(token))
    if (verifies === true) await app.verify(token)
    else await expect(app.verify(token)).rejects.toMatchObject({ code: verifies })
  })

  it('missing-id-token', async () => {
    provider.misbehave('missing-id-token')
    const answer = await app.rawExchange(await app.callback('ada'))
    expect(Object.keys((await answer.json()) as object).sort()).toEqual([
      'access_token',
      'expires_in',
      'scope',
      'token_type',
    ])
  })

  it('missing-auth-time', async () => {
    provider.misbehave('missing-auth-time')
    expect(await app.claims('ada')).not.toHaveProperty('auth_time')
  })

  it('are refused by openid-client with its checks on, but for what it leaves to its callers', async () => {
    const accepted: Misbehaviour[] = []
    for (const how of misbehaviours.idToken) {
      provider.misbehave(how)
      const callback = await app.callback('ada')
      await app.finish(callback).then(
        () => accepted.push(how),
        () => undefined,
      )
    }
    expect(accepted).toEqual(['future-iat', 'empty-sub'])
    provider.misbehave(undefined)
    expect(await app.claims('ada')).toMatchObject({ sub: 'ada', groups: ['Staff'] })
  })
})

describe('callbacks', () => {
  const facts: Record<Exclude<(typeof misbehaviours.callback)[number], 'code-replay'>, object> = {
    'callback-error': {
      code: undefined,
      error: 'access_denied',
      error_description: expect.stringContaining('<script>'),
    },
    'callback-wrong-iss': { iss: 'https://issuer.example/', code: expect.any(String) },
    'callback-wrong-state': { state: 'a-state-of-somebody-else', code: expect.any(String) },
    'callback-missing-state': { state: undefined, code: expect.any(String) },
    'callback-missing-code': { code: undefined, state: 'the-state' },
  }

  it.each(Object.entries(facts))('%s', async (how, fact) => {
    provider.misbehave(how as keyof typeof facts)
    const callback = await app.callback('ada')
    const query: Record<string, string | undefined> = Object.fromEntries(new URL(callback).searchParams)
    expect({ code: undefined, state: undefined, ...query }).toEqual({
      code: expect.any(String),
      state: 'the-state',
      ...fact,
    })
    await expect(app.finish(callback)).rejects.toThrow()
  })

  it('code-replay', async () => {
    provider.misbehave('code-replay')
    const answer = await app.rawExchange(await app.callback('ada'))
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({ error: 'invalid_grant' }),
    ])
  })
})

describe('answers of one endpoint', () => {
  it('token-400-script and token-400-html', async () => {
    provider.misbehave('token-400-script')
    const json = await app.rawExchange(redirectUri)
    expect([json.status, await json.json()]).toEqual([
      400,
      { error: 'invalid_grant', error_description: expect.stringContaining('<script>') },
    ])
    provider.misbehave('token-400-html')
    const html = await app.rawExchange(redirectUri)
    expect([html.status, html.headers.get('content-type')]).toEqual([400, 'text/html; charset=utf-8'])
    expect(await html.text()).toContain('<script>')
  })

  it('token-redirect-307 would carry the secret away', async () => {
    provider.misbehave('token-redirect-307')
    const answer = await app.rawExchange(redirectUri)
    expect([answer.status, answer.headers.get('location')]).toEqual([
      307,
      `${provider.elsewhere.origin}/application/o/token/`,
    ])
  })

  it('discovery-wrong-issuer, jwks-empty and userinfo-other-sub', async () => {
    const { jwks_uri = '', userinfo_endpoint = '' } = app.config.serverMetadata()
    provider.misbehave('discovery-wrong-issuer')
    await expect(startRelyingParty(provider)).rejects.toThrow()
    provider.misbehave('jwks-empty')
    expect(await (await fetch(jwks_uri)).json()).toEqual({ keys: [] })
    const { access_token } = await app.finish(await app.callback('ada'))
    provider.misbehave('userinfo-other-sub')
    const headers = { authorization: `Bearer ${access_token}` }
    expect(await (await fetch(userinfo_endpoint, { headers })).json()).toMatchObject({ sub: 'somebody-else' })
  })
})

import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { beforeEach, expect, it, vi } from 'vitest'
import { verifyAccessToken } from '../src/index.ts'
import { projectId, publishableKey, type StandIn, startStandIn } from './support/stand-in.ts'
import { thrownBy } from './support/thrown.ts'

let service: StandIn
beforeEach(async () => {
  service = await startStandIn()
})

const options = () => ({ baseUrl: service.url, audience: projectId })
const codeOf = async (token: string, more = {}) =>
  (await thrownBy(() => verifyAccessToken(token, { ...options(), ...more }))).code
const jwksCalls = () => service.callsOf('GET /.well-known/jwks.json').length

it('answers the claims of a good token, with keys that it fetched once', async () => {
  const tokens = await Promise.all(Array.from({ length: 20 }, () => service.accessToken()))
  const claims = await Promise.all(tokens.map((token) => verifyAccessToken(token, options())))
  expect(claims[7]).toMatchObject({ sub: 'usr_ada', aud: projectId, iss: service.url, org: 'org_ada' })
  expect(jwksCalls()).toBe(1)
})

it('looks the audience up by the publishable key, once', async () => {
  const token = await service.accessToken()
  for (let i = 0; i < 3; i++) await verifyAccessToken(token, { baseUrl: service.url, publishableKey })
  expect(service.callsOf('GET /v1/client/config')).toHaveLength(1)
  expect((await thrownBy(() => verifyAccessToken(token, { baseUrl: service.url }))).code).toBe(
    'invalid_publishable_key',
  )
})

it('tells an expired token from others, with a small tolerance', async () => {
  expect(await codeOf(await service.accessToken({ expiresIn: -10 }))).toBe('expired_access_token')
  await verifyAccessToken(await service.accessToken({ expiresIn: -2 }), options())
  const strict = { clockToleranceSeconds: 0 }
  expect(await codeOf(await service.accessToken({ expiresIn: -2 }), strict)).toBe('expired_access_token')
})

it.each([
  ['another audience', { audience: 'app_other' }],
  ['the audience of the service itself', { audience: 'https://accounts.example.com' }],
  ['another issuer', { issuer: 'https://evil.example' }],
  ['another type', { typ: 'JWT' }],
  ['another type of ours', { typ: 'id+jwt' }],
  ['an unknown kid', { kid: 'key-unknown' }],
  ['an expired one of another audience', { expiresIn: -100, audience: 'app_other' }],
])('refuses %s', async (_what, claims) => {
  expect(await codeOf(await service.accessToken(claims))).toBe('invalid_access_token')
})

type Change = (token: string) => string | Promise<string>
const part = (token: string, index: number) => token.split('.')[index] ?? ''
const recoded = (text: string, change: (value: Record<string, unknown>) => object) =>
  Buffer.from(JSON.stringify(change(JSON.parse(Buffer.from(text, 'base64url').toString())))).toString(
    'base64url',
  )
const headed = (token: string, header: object) =>
  [recoded(part(token, 0), (value) => ({ ...value, ...header })), part(token, 1), part(token, 2)].join('.')

const changes: Record<string, Change> = {
  'nothing at all': () => '',
  'two parts': (token) => token.split('.').slice(0, 2).join('.'),
  'four parts': (token) => `${token}.`,
  'a missing signature': (token) => `${token.split('.').slice(0, 2).join('.')}.`,
  'another person': (token) =>
    [part(token, 0), recoded(part(token, 1), (value) => ({ ...value, sub: 'usr_eve' })), part(token, 2)].join(
      '.',
    ),
  'alg none': (token) => headed(token, { alg: 'none' }),
  'alg none and no signature': async () =>
    new UnsecuredJWT({ sub: 'usr_ada' }).setAudience(projectId).setIssuer(service.url).encode(),
  'alg in other letters': (token) => headed(token, { alg: 'eddsa' }),
  'a header without kid': (token) => headed(token, { kid: undefined }),
  'a critical extension': (token) => headed(token, { crit: ['b64'], b64: false }),
  'a key of its own': async (token) => {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true })
    const header = { alg: 'EdDSA', typ: 'at+jwt', kid: 'key-1', jwk: await exportJWK(publicKey) }
    const claims = JSON.parse(Buffer.from(part(token, 1), 'base64url').toString())
    return new SignJWT(claims).setProtectedHeader(header).sign(privateKey)
  },
  'HS256 with the public key': async (token) => {
    const [jwk] = await fetch(`${service.url}/.well-known/jwks.json`)
      .then((response) => response.json())
      .then(({ keys }) => keys)
    const head = recoded(part(token, 0), (value) => ({ ...value, alg: 'HS256' }))
    const signed = `${head}.${part(token, 1)}`
    return `${signed}.${createHmac('sha256', jwk.x).update(signed).digest('base64url')}`
  },
  'a payload that is no object': (token) => [part(token, 0), btoa('7'), part(token, 2)].join('.'),
}

it.each(Object.entries(changes))('refuses %s', async (_what, change) => {
  const token = await service.accessToken()
  expect(await codeOf(await change(token))).toBe('invalid_access_token')
})

it('refuses a token before its time, without end, or of nobody', async () => {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true })
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'mine' }]
  service.next('GET /.well-known/jwks.json', { body: { keys } })
  const now = Math.floor(Date.now() / 1000)
  const good = { sub: 'usr_ada', iss: service.url, aud: projectId, exp: now + 60 }
  const signed = (claims: object) =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: 'mine' })
      .sign(privateKey)
  await verifyAccessToken(await signed({ ...good, aud: ['app_other', projectId], nbf: now + 2 }), options())
  for (const wrong of [{ nbf: now + 60 }, { exp: undefined }, { sub: undefined }, { sub: '' }, { aud: [] }])
    expect(await codeOf(await signed({ ...good, ...wrong }))).toBe('invalid_access_token')
})

it('refuses a header that it does not know, however well it is signed', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'mine' }]
  service.next('GET /.well-known/jwks.json', { body: { keys } })
  const claims = await service.accessToken().then((token) => part(token, 1))
  const signed = (header: object) => {
    const head = Buffer.from(JSON.stringify({ typ: 'at+jwt', kid: 'mine', alg: 'EdDSA', ...header }))
    const text = `${head.toString('base64url')}.${claims}`
    return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`
  }
  await verifyAccessToken(signed({}), options())
  for (const header of [
    { alg: 'none' },
    { alg: 'HS256' },
    { alg: undefined },
    { crit: ['b64'] },
    { typ: 'JWT' },
  ])
    expect(await codeOf(signed(header))).toBe('invalid_access_token')
})

it('asks again for an unknown key, at most once a minute', async () => {
  const clock = vi.spyOn(performance, 'now')
  const passed = (ms: number) => clock.mockReturnValue(1_000_000 + ms)
  passed(0)
  await verifyAccessToken(await service.accessToken(), options())
  await service.rotateSigningKey()
  const token = await service.accessToken()
  expect(await codeOf(token)).toBe('invalid_access_token')
  passed(59_000)
  expect(await codeOf(token)).toBe('invalid_access_token')
  expect(jwksCalls()).toBe(1)
  passed(61_000)
  await Promise.all([verifyAccessToken(token, options()), verifyAccessToken(token, options())])
  expect(jwksCalls()).toBe(2)
  clock.mockRestore()
})

it('goes on with the keys it knows while the service is down', async () => {
  const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
  const token = await service.accessToken()
  await verifyAccessToken(token, options())
  clock.mockReturnValue(700_000)
  service.next('GET /.well-known/jwks.json', { status: 503 })
  await verifyAccessToken(token, options())
  expect(jwksCalls()).toBe(2)
  clock.mockRestore()
})

it('says clearly what is wrong when the keys cannot be had, or not be used', async () => {
  const token = await service.accessToken()
  service.next('GET /.well-known/jwks.json', { body: '<h1>Hello</h1>' })
  expect(await codeOf(token)).toBe('seqn_auth_http_error')
  const importKey = vi.spyOn(crypto.subtle, 'importKey')
  importKey.mockRejectedValueOnce(new DOMException('Unrecognized name', 'NotSupportedError'))
  expect(await codeOf(token)).toBe('unsupported_runtime')
  importKey.mockRestore()
  await verifyAccessToken(token, options())
})

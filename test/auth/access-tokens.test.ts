import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  SignJWT,
  UnsecuredJWT,
} from 'jose'
import { expect, it } from 'vitest'
import { expectRefusal } from '../support/shapes.ts'
import { type Person, startWorld } from '../support/world.ts'

let now = () => new Date()
const world = startWorld({ clock: () => now() })
const base = 'http://accounts.silver.test'
const jwks = async () => (await world.anonymous.get('/.well-known/jwks.json')).body
const me = (token: string) => world.withBearer(token).get('/v1/me')

it('tells person, organization, session and level, and is verified by our JWKS alone', async () => {
  const { owner, id } = await world.organization()
  const { session_id } = (await owner.get('/v1/auth/session')).body.user
  const { payload, protectedHeader } = await jwtVerify(owner.accessToken, createLocalJWKSet(await jwks()), {
    issuer: base,
    audience: base,
    algorithms: ['EdDSA'],
  })
  expect(protectedHeader).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: expect.any(String) })
  expect(payload).toEqual({
    sub: owner.id,
    org: id,
    email: owner.email,
    aal: 1,
    mfa_verified_at: null,
    sid: session_id,
    iss: base,
    aud: base,
    iat: expect.any(Number),
    exp: (payload.iat ?? 0) + 900,
  })
})

it('is good for 15 minutes by our clock', async () => {
  const { owner } = await world.organization()
  const { exp = 0 } = decodeJwt(owner.accessToken)
  try {
    now = () => new Date((exp - 1) * 1000)
    expect((await me(owner.accessToken)).status).toBe(200)
    now = () => new Date(exp * 1000)
    // What is kept in memory counts real seconds, and none have passed.
    world.ctx.cache.forgetAll()
    expectRefusal(await me(owner.accessToken), 'authentication_required')
  } finally {
    now = () => new Date()
  }
})

it('is refused once its session has ended', async () => {
  const { owner } = await world.organization()
  expect((await me(owner.accessToken)).status).toBe(200)
  await owner.post('/v1/auth/logout')
  expectRefusal(await me(owner.accessToken), 'authentication_required')
})

/** A token with the claims of a real one, changed, and signed by the service's own key. */
async function signedByUs(person: Person, claims: Record<string, unknown>, typ = 'at+jwt') {
  const [row] = await world.sql<{ id: string; sealed_private_jwk: Buffer }>(
    'select id, sealed_private_jwk from signing_keys where retired_at is null',
  )
  if (!row) throw new Error('no signing key')
  const jwk = JSON.parse(world.ctx.unseal(`signing_keys:${row.id}`, row.sealed_private_jwk))
  const { importJWK } = await import('jose')
  return new SignJWT({ ...decodeJwt(person.accessToken), ...claims })
    .setProtectedHeader({ alg: 'EdDSA', typ, kid: row.id })
    .sign(await importJWK(jwk, 'EdDSA'))
}

it.each([
  ['another audience', { aud: 'https://other.example' }],
  ['another issuer', { iss: 'https://other.example' }],
  ['a project as its audience', { aud: 'app_00000000000000000000000000' }],
  ['no session', { sid: undefined }],
  ['a session that is no text', { sid: { $ne: '' } }],
  ['an unknown session', { sid: 'ses_00000000000000000000000000' }],
  ['a NUL in its session', { sid: 'ses_\0' }],
  ['a time not yet come', { nbf: 4_102_444_800 }],
])('is refused with %s, though our key signed it', async (_kind, claims) => {
  const { owner } = await world.organization()
  expect((await me(await signedByUs(owner, {}))).status, 'unchanged it is good').toBe(200)
  expectRefusal(await me(await signedByUs(owner, claims)), 'authentication_required')
})

it('is refused as another type of token', async () => {
  const { owner } = await world.organization()
  expectRefusal(await me(await signedByUs(owner, {}, 'JWT')), 'authentication_required')
})

it('is refused unsigned, edited, under HMAC with the public key and under a stranger’s key', async () => {
  const { owner } = await world.organization()
  const other = (await world.organization()).owner
  const claims = decodeJwt(owner.accessToken)
  const { kid = '' } = decodeProtectedHeader(owner.accessToken)
  const [header = '', , signature = ''] = owner.accessToken.split('.')
  const [, othersClaims = ''] = other.accessToken.split('.')
  const publicKey = (await jwks()).keys.find((key: { kid: string }) => key.kid === kid)
  const stranger = await generateKeyPair('EdDSA')
  const hmac = (key: Uint8Array) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid }).sign(key)
  const byStranger = (more: { kid?: string; jwk?: object }) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', ...more }).sign(stranger.privateKey)
  const forged = [
    new UnsecuredJWT(claims).encode(),
    `${Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt', kid })).toString('base64url')}.${owner.accessToken.split('.')[1]}.x`,
    `${header}.${othersClaims}.${signature}`,
    `${owner.accessToken.slice(0, -4)}AAAA`,
    `${owner.accessToken}x`,
    await hmac(Buffer.from(publicKey.x, 'base64url')),
    await hmac(Buffer.from(JSON.stringify(publicKey))),
    await byStranger({ kid }),
    await byStranger({ kid: 'unknown' }),
    await byStranger({}),
    await byStranger({ kid, jwk: await exportJWK(stranger.publicKey) }),
  ]
  for (const token of forged) expectRefusal(await me(token), 'authentication_required')
  expect((await me(owner.accessToken)).status).toBe(200)
})

import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { system } from '../../src/actors.ts'
import { rotateSigningKeys } from '../../src/features/sessions/signing-keys.ts'
import { countQueries } from '../support/count-queries.ts'
import { call } from '../support/http.ts'
import { startService, type TestService } from '../support/service.ts'
import { whileLocked } from '../support/while-locked.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/.well-known/jwks.json'
const rotate = (now: boolean) => rotateSigningKeys(world.ctx, system('test'), { now })
const keyIds = async () =>
  (await world.anonymous.get(path)).body.keys.map(({ kid }: { kid: string }) => kid) as string[]
const keyOf = (token: string) => decodeProtectedHeader(token).kid
let replica: TestService

beforeAll(async () => {
  replica = await startService(world.database)
})
afterAll(() => replica?.stop())

it('shows public keys and nothing private, cacheable', async () => {
  const answer = await world.anonymous.get(path)
  expect(answer.status).toBe(200)
  const key = { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' }
  expect(answer.body).toEqual({ keys: [{ ...key, x: expect.any(String), kid: expect.any(String) }] })
  expect(answer.headers['cache-control']).toBe('public, max-age=300')
  expect((await world.anonymous.get(path, { 'if-none-match': answer.headers.etag })).status).toBe(304)
})

it('rotates with overlap: old tokens stay good, new ones have the new key, the old key leaves in the end', async () => {
  const { owner } = await world.organization()
  const [before = ''] = await keyIds()
  expect(keyOf(owner.accessToken)).toBe(before)
  expect(await rotate(true)).toBe(true)

  const [newest, ...others] = await keyIds()
  expect(others).toEqual([before])
  expect((await world.withBearer(owner.accessToken).get('/v1/me')).status).toBe(200)
  const { access_token } = (await owner.post('/v1/auth/refresh')).body
  expect(keyOf(access_token)).toBe(newest)
  expect((await world.withBearer(access_token).get('/v1/me')).status).toBe(200)
  expect((await world.auditLog('platform')).at(-1)).toMatchObject({
    action: 'platform.signing_key.rotated',
    actor_kind: 'system',
    target_id: newest,
  })

  await world.sql("update signing_keys set retired_at = now() - interval '61 minutes' where id = $1", [
    before,
  ])
  expect(await rotate(false), 'nothing is due').toBe(false)
  expect(await keyIds()).toEqual([newest])
  expect((await world.withBearer(owner.accessToken).get('/v1/me')).status).toBe(401)
})

it('makes a new key when the newest is 90 days old, one also of five at once', async () => {
  await world.sql("update signing_keys set created_at = now() - interval '91 days'")
  const lock = { statement: 'select from signing_keys for update', values: [] }
  const made = await whileLocked(world, lock, () => Array.from({ length: 5 }, () => rotate(false)))
  expect(made.filter(Boolean)).toHaveLength(1)
})

it('knows at once the key that another replica has just made', async () => {
  const { owner } = await world.organization()
  const me = (token: string) =>
    call(replica.port, { path: '/v1/me', headers: { authorization: `Bearer ${token}` } })
  expect((await me(owner.accessToken)).status).toBe(200)
  await rotate(true)
  const { access_token } = (await owner.post('/v1/auth/refresh')).body
  expect((await me(access_token)).status).toBe(200)
})

it('is not driven to the database by invented keys', async () => {
  const invented = (_: unknown, kid: number) => {
    const header = { alg: 'EdDSA', typ: 'at+jwt', kid: String(kid) }
    const token = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.e30.AAAA`
    return world.withBearer(token).get('/v1/me')
  }
  const queries = await countQueries(() => Promise.all(Array.from({ length: 50 }, invented)))
  expect(queries, 'one a second, however slow the machine').toBeLessThan(10)
})

it('keeps private keys sealed', async () => {
  const rows = await world.sql<{ id: string; sealed: string; public_jwk: object }>(
    "select id, encode(sealed_private_jwk, 'escape') as sealed, public_jwk from signing_keys",
  )
  for (const { id, sealed, public_jwk } of rows) {
    expect(sealed).not.toContain('Ed25519')
    expect(Object.keys(public_jwk).sort()).toEqual(['crv', 'kty', 'x'])
    expect(() => world.ctx.unseal(`signing_keys:${id}x`, Buffer.from(sealed))).toThrow()
  }
})

import { randomBytes } from 'node:crypto'
import { decodeProtectedHeader } from 'jose'
import { expect, it } from 'vitest'
import { system } from '../../src/actors.ts'
import { rotateSigningKeys } from '../../src/features/sessions/signing-keys.ts'
import { call } from '../support/http.ts'
import { startService } from '../support/service.ts'
import { whileLocked } from '../support/while-locked.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const keyOf = (token: string) => decodeProtectedHeader(token).kid
const keyIds = async () =>
  (await world.anonymous.get('/.well-known/jwks.json')).body.keys.map(({ kid }: { kid: string }) => kid)

it('goes on where a replica cannot open the newest key, and makes one where it can open none', async () => {
  const other = randomBytes(32).toString('base64')
  const stranger = await startService(world.database, { environment: { SEALING_KEY: other } })
  try {
    const { owner } = await world.organization()
    const session = { cookie: `seqn_session=${owner.cookie}` }
    const mine = await call(stranger.port, { method: 'POST', path: '/v1/auth/refresh', headers: session })
    expect(mine.status, 'a start that opens no key has made one').toBe(200)
    expect((await world.withBearer(mine.body.access_token).get('/v1/me')).status, 'it verifies here').toBe(
      200,
    )
    expect(keyOf(mine.body.access_token)).toBe((await keyIds())[0])

    const { email, password } = owner
    const here = await world.anonymous.post('/v1/auth/login', { email, password })
    expect(here.status, 'the key before opens here and still verifies').toBe(200)
    expect(keyOf(here.body.access_token)).not.toBe(keyOf(mine.body.access_token))
    expect((await world.withBearer(here.body.access_token).get('/v1/me')).status).toBe(200)
  } finally {
    await stranger.stop()
  }
})

it('makes one key where two first starts find none', async () => {
  await world.sql('delete from signing_keys')
  const lock = { statement: `select pg_advisory_xact_lock(hashtext('silver_auth.signing_keys'))`, values: [] }
  const start = () => rotateSigningKeys(world.ctx, system('first-start'), { now: false })
  expect((await whileLocked(world, lock, () => [start(), start()])).sort()).toEqual([false, true])
  expect(await keyIds()).toHaveLength(1)
})

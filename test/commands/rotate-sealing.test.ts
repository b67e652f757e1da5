import { randomBytes } from 'node:crypto'
import { decodeProtectedHeader } from 'jose'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { system } from '../../src/actors.ts'
import type { Context } from '../../src/context.ts'
import { rotateSealing } from '../../src/features/sealing/rotate-sealing.ts'
import { sealedColumns } from '../../src/features/sealing/sealed-columns.ts'
import { idTokenPurpose } from '../../src/features/sessions/sessions.ts'
import { statePurpose } from '../../src/features/sign-in/oidc-login.ts'
import { attemptDelivery } from '../../src/features/webhooks/attempt.ts'
import { openEndpointSecret } from '../../src/features/webhooks/endpoint-secrets.ts'
import { sha256 } from '../../src/lib/secrets.ts'
import { silverAuth } from '../support/command-line.ts'
import { call } from '../support/http.ts'
import { startWebhookReceiver } from '../support/receiver.ts'
import { startService, type TestService } from '../support/service.ts'
import { testEnvironment } from '../support/settings.ts'
import { makeEndpoint } from '../support/webhook-endpoints.ts'
import { whileLocked } from '../support/while-locked.ts'
import { type Organization, startWorld } from '../support/world.ts'

// The world's own service never hears of the newer key, as a replica that was forgotten.
const world = startWorld()
const older = testEnvironment.SEALING_KEY ?? ''
let newest = ''
let services: TestService[] = []

beforeEach(() => {
  newest = randomBytes(32).toString('base64')
})
afterEach(async () => {
  for (const service of services) await service.stop()
  services = []
  // What is left was sealed under keys that the next test has not.
  await world.sql('truncate webhook_endpoints, signing_keys, idempotency_keys, oidc_states cascade')
  await world.sql('update sessions set sealed_id_token = null')
})

async function serviceWith(...keys: string[]): Promise<TestService> {
  const service = await startService(world.database, { environment: { SEALING_KEY: keys.join() } })
  services.push(service)
  return service
}
const contextWith = async (...keys: string[]): Promise<Context> => (await serviceWith(...keys)).ctx
const run = (ctx: Context, atOnce?: number) =>
  rotateSealing(ctx, system('test'), atOnce ? { atOnce } : {}).then(({ resealed, unreadable }) => ({
    resealed: Object.fromEntries(Object.entries(resealed).filter(([, count]) => count > 0)),
    unreadable,
  }))
const command = (SEALING_KEY: string) =>
  silverAuth(['keys', 'rotate-sealing', '--json'], {
    ...testEnvironment,
    DATABASE_URL: world.database.appUrl,
    SEALING_KEY,
  })

const secretsOf = async (ctx: Context, id: string) => {
  const [row] = await world.sql(
    'select sealed_secret, sealed_previous_secret from webhook_endpoints where id = $1',
    [id],
  )
  return [row?.sealed_secret, row?.sealed_previous_secret].flatMap((sealed) =>
    sealed ? [openEndpointSecret(ctx, id, sealed)] : [],
  )
}

async function rotated(organization: Organization) {
  const endpoint = await makeEndpoint(organization)
  const answer = await organization.owner.post(`${endpoint.path}/rotate-secret`, { overlapSeconds: 600 })
  return { id: endpoint.id, secrets: [answer.body.secret as string, endpoint.secret] }
}

it('knows every column in which something is sealed', async () => {
  const columns = await world.sql<{ place: string }>(
    `select table_name || '.' || column_name as place from information_schema.columns
     where table_schema = 'public' and column_name like 'sealed%'`,
  )
  expect(sealedColumns.map(({ table, column }) => `${table}.${column}`).sort()).toEqual(
    columns.map(({ place }) => place).sort(),
  )
})

it('seals everything anew, so that the older key can go', { timeout: 30_000 }, async () => {
  const { ctx, port } = await serviceWith(older)
  const organization = await world.organization()
  const { owner } = organization
  const endpoint = await rotated(organization)
  const create = (at: number) =>
    call(at, {
      method: 'POST',
      path: `/v1/orgs/${organization.id}/projects`,
      headers: { cookie: `seqn_session=${owner.cookie}`, 'idempotency-key': 'once' },
      body: { name: 'Once' },
    })
  const created = await create(port)
  expect(created.status).toBe(201)
  const [session] = await world.sql('select id from sessions where user_id = $1', [owner.id])
  const sealedToken = ctx.seal(idTokenPurpose(session?.id), 'an.id.token')
  await world.sql('update sessions set sealed_id_token = $2 where id = $1', [session?.id, sealedToken])
  const state = sha256('state')
  await world.sql('insert into oidc_states (state_hash, browser_hash, sealed) values ($1, $1, $2)', [
    state,
    ctx.seal(statePurpose(state), 'nonce'),
  ])

  expect(JSON.parse((await command(`${newest},${older}`)).stdout)).toEqual({
    resealed: {
      'signing_keys.sealed_private_jwk': 1,
      'webhook_endpoints.sealed_secret': 1,
      'webhook_endpoints.sealed_previous_secret': 1,
      'sessions.sealed_id_token': 1,
      'idempotency_keys.sealed_answer': 1,
      'oidc_states.sealed': 1,
    },
    unreadable: [],
  })
  const later = await serviceWith(newest)
  expect(await run(later.ctx), 'nothing is left').toEqual({ resealed: {}, unreadable: [] })
  const told = (await world.auditLog('platform')).filter(
    ({ action }) => action === 'platform.sealing_key.rotated',
  )
  expect(told, 'who did nothing tells nothing').toHaveLength(1)
  expect(told[0]?.details).toContain('"signing_keys.sealed_private_jwk":1')

  const receiver = await startWebhookReceiver()
  await attemptDelivery({
    endpoint: { url: receiver.url, secrets: await secretsOf(later.ctx, endpoint.id) },
    event: { id: 'evt_1', body: '{}' },
    now: new Date(),
    rules: { allowInsecure: true, allowPrivateAddresses: true },
  })
  await receiver.close()
  const headers = receiver.requests[0]?.headers as Record<string, string>
  for (const secret of endpoint.secrets) expect(new Webhook(secret).verify('{}', headers)).toEqual({})

  const signedIn = await call(later.port, {
    method: 'POST',
    path: '/v1/auth/login',
    body: { email: owner.email, password: owner.password },
  })
  expect(decodeProtectedHeader(signedIn.body.access_token).kid, 'no other key was made').toBe(
    decodeProtectedHeader(owner.accessToken).kid,
  )
  expect((await create(later.port)).body).toEqual(created.body)
  const [sealed] = await world.sql('select sealed_id_token as token from sessions where id = $1', [
    session?.id,
  ])
  expect(later.ctx.unseal(idTokenPurpose(session?.id), sealed?.token)).toBe('an.id.token')
  const [kept] = await world.sql('select sealed from oidc_states')
  expect(later.ctx.unseal(statePurpose(state), kept?.sealed)).toBe('nonce')
})

it.each(['newest', 'older'])(
  'leaves a secret that is rotated meanwhile the newer one, sealed under the %s key',
  async (key) => {
    const organization = await world.organization()
    const { id, secret } = await makeEndpoint(organization)
    const ctx = await contextWith(newest, older)
    const rotating = key === 'newest' ? ctx : world.ctx
    const sealed = rotating.seal(`webhook_endpoints:${id}`, 'whsec_newer')
    const rotation = {
      statement: `update webhook_endpoints set sealed_previous_secret = sealed_secret,
        previous_secret_expires_at = now() + interval '1 hour', sealed_secret = $2 where id = $1`,
      values: [id, sealed],
    }
    const [result] = await whileLocked(world, rotation, () => [run(ctx)])
    expect(result?.unreadable).toEqual([])
    expect(await secretsOf(await contextWith(newest), id)).toEqual(['whsec_newer', secret])
  },
)

it('goes on where an interrupted run ended', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const endpoints = [await rotated(organization), await rotated(organization), await rotated(organization)]
  const ctx = await contextWith(newest, older)
  await world.sql(
    `create function interrupt() returns trigger language plpgsql as $$ begin raise 'interrupted'; end $$`,
  )
  await world.sql(`create trigger interrupt before update on webhook_endpoints for each row
    when (old.id = '${endpoints[1]?.id}') execute function interrupt()`)
  await expect(run(ctx, 1)).rejects.toThrow('interrupted')
  await world.sql('drop function interrupt cascade')
  expect(await run(ctx, 1)).toEqual({
    resealed: { 'webhook_endpoints.sealed_secret': 2, 'webhook_endpoints.sealed_previous_secret': 3 },
    unreadable: [],
  })
  const later = await contextWith(newest)
  for (const { id, secrets } of endpoints) expect(await secretsOf(later, id)).toEqual(secrets)
})

it('reports what belongs to another row or to a lost key, shows nothing of it, and does the rest', {
  timeout: 30_000,
}, async () => {
  const organization = await world.organization({ plan: 'pro' })
  const [moved, lost, good] = [
    await makeEndpoint(organization),
    await makeEndpoint(organization),
    await makeEndpoint(organization),
  ]
  await world.sql(
    'update webhook_endpoints set sealed_secret = (select sealed_secret from webhook_endpoints where id = $2) where id = $1',
    [moved.id, good.id],
  )
  const stranger = await contextWith(randomBytes(32).toString('base64'))
  const sealed = stranger.seal(`webhook_endpoints:${lost.id}`, lost.secret)
  await world.sql('update webhook_endpoints set sealed_secret = $2 where id = $1', [lost.id, sealed])
  await world.sql(`delete from signing_keys where id <> (select min(id) from signing_keys)`)

  const { code, stdout, stderr } = await command(`${newest},${older}`)
  const { resealed, unreadable } = JSON.parse(stdout)
  const place = 'webhook_endpoints.sealed_secret'
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
  expect(unreadable).toEqual(expect.arrayContaining([moved.id, lost.id].map((row) => ({ place, row }))))
  expect(resealed[place]).toBe(1)
  expect(await secretsOf(await contextWith(newest), good.id)).toEqual([good.secret])
})

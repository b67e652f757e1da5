import { expect, it } from 'vitest'
import { openEndpointSecret } from '../../../src/features/webhooks/endpoint-secrets.ts'
import { aTime, expectInvalid, expectRefusal } from '../../support/shapes.ts'
import { type Endpoint, makeEndpoint } from '../../support/webhook-endpoints.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()
const make = async () => makeEndpoint(await world.organization())
const rotate = ({ organization, path }: Endpoint, body?: unknown, headers = {}) =>
  organization.owner.post(`${path}/rotate-secret`, body, headers)

/** The secrets that sign now, the newest first, and for how many seconds the older one does so. */
async function secretsOf({ id }: Endpoint) {
  const [row] = await world.sql(
    `select sealed_secret, sealed_previous_secret, extract(epoch from previous_secret_expires_at - now())::int as seconds
     from webhook_endpoints where id = $1`,
    [id],
  )
  const opened = [row?.sealed_secret, row?.sealed_previous_secret]
    .filter((sealed) => sealed !== null)
    .map((sealed) => openEndpointSecret(world.ctx, id, sealed))
  return { opened, seconds: row?.seconds }
}

it('makes a new secret and shows it once; the old one signs nothing more', async () => {
  const endpoint = await make()
  const answer = await rotate(endpoint)
  expect(answer.status).toBe(200)
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(answer.body).toEqual({ secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) })
  expect(answer.body.secret).not.toBe(endpoint.secret)
  expect(await secretsOf(endpoint)).toEqual({ opened: [answer.body.secret], seconds: null })
  const { owner, id } = endpoint.organization
  expect((await owner.get(endpoint.path)).body.secretRotatedAt).toEqual(aTime)
  const event = (await world.events(id)).at(-1)
  expect(event).toMatchObject({ type: 'webhook_endpoint.secret_rotated', data: { id: endpoint.id } })
  expect(JSON.stringify(event)).not.toContain('whsec_')
})

it('lets the old one sign, too, for as long as is asked', async () => {
  const endpoint = await make()
  const { secret } = (await rotate(endpoint, { overlapSeconds: 3_600 })).body
  const now = await secretsOf(endpoint)
  expect(now.opened).toEqual([secret, endpoint.secret])
  expect(now.seconds).toBeGreaterThan(3_500)
  expect(now.seconds).toBeLessThanOrEqual(3_600)
})

it('drops no secret that still overlaps, unless both shall end', async () => {
  const endpoint = await make()
  const second = (await rotate(endpoint, { overlapSeconds: 3_600 })).body.secret
  expectRefusal(await rotate(endpoint, { overlapSeconds: 60 }), 'conflict')
  expect((await secretsOf(endpoint)).opened).toEqual([second, endpoint.secret])
  await world.sql('update webhook_endpoints set previous_secret_expires_at = now() where id = $1', [
    endpoint.id,
  ])
  const third = (await rotate(endpoint, { overlapSeconds: 3_600 })).body.secret
  expect((await secretsOf(endpoint)).opened).toEqual([third, second])
  const fourth = (await rotate(endpoint, { overlapSeconds: 0 })).body.secret
  expect(await secretsOf(endpoint)).toEqual({ opened: [fourth], seconds: null })
})

it('rotates once per Idempotency-Key, and shows the secret to a retry', async () => {
  const endpoint = await make()
  const headers = { 'idempotency-key': 'once' }
  const [first, second] = [
    await rotate(endpoint, { overlapSeconds: 60 }, headers),
    await rotate(endpoint, { overlapSeconds: 60 }, headers),
  ]
  expect(second.body).toEqual(first.body)
  expect((await secretsOf(endpoint)).opened).toEqual([first.body.secret, endpoint.secret])
})

it.each([
  ['known', `enabled = false, disabled_reason = 'unreadable_secret',`],
  ['found out only now', ''],
])('lets no secret overlap that cannot be opened, which is %s', async (_when, known) => {
  const endpoint = await make()
  await world.sql(`update webhook_endpoints set ${known} sealed_secret = '\\x00' where id = $1`, [
    endpoint.id,
  ])
  const { secret } = (await rotate(endpoint, { overlapSeconds: 3_600 })).body
  expect(await secretsOf(endpoint)).toEqual({ opened: [secret], seconds: null })
})

it('leaves one known secret when many rotate at once', async () => {
  const endpoint = await make()
  const answers = await Promise.all(Array.from({ length: 15 }, () => rotate(endpoint)))
  const secrets = answers.map(({ status, body }) => (status === 200 ? body.secret : status))
  expect(new Set(secrets).size).toBe(15)
  expect(secrets).toContain((await secretsOf(endpoint)).opened[0])
})

it('works while the subscription is over', async () => {
  const endpoint = await make()
  await world.sql(`update subscriptions set status = 'expired' where organization_id = $1`, [
    endpoint.organization.id,
  ])
  expect((await rotate(endpoint, { overlapSeconds: 604_800 })).status).toBe(200)
})

it.each([-1, 604_801, 1.5, '60', null])('refuses an overlap of %j', async (overlapSeconds) => {
  expectInvalid(await rotate(await make(), { overlapSeconds }), 'overlapSeconds')
})

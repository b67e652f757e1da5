import { beforeEach, describe, expect, it } from 'vitest'
import { newId } from '../../../src/lib/ids.ts'
import { expectRefusal, indistinct } from '../../support/shapes.ts'
import {
  deliveriesPath,
  deliveryRow,
  leaveDelivery,
  type MadeDelivery,
  makeDelivery,
} from '../../support/webhook-deliveries.ts'
import { whileLocked } from '../../support/while-locked.ts'
import { type Organization, startWorld } from '../../support/world.ts'

const world = startWorld()
let organization: Organization
let made: MadeDelivery

beforeEach(async () => {
  organization = await world.organization()
  made = await makeDelivery(world, organization)
})

const retry = ({ path }: MadeDelivery, headers = {}) =>
  organization.owner.post(`${path}/retry`, undefined, headers)

it.each([
  ['pending', 0, 'pending'],
  ['retrying', 3, 'retrying'],
  ['succeeded', 1, 'retrying'],
  ['failed', 10, 'retrying'],
  ['cancelled', 0, 'pending'],
  ['cancelled', 2, 'retrying'],
])('lets one that is %s after %i attempts be attempted now', async (status, attempts, after) => {
  await leaveDelivery(world, made.id, status, attempts)
  const answer = await retry(made)
  expect(answer.status).toBe(202)
  expect(answer.body).toMatchObject({ id: made.id, eventId: made.eventId, status: after, attempts })
  expect(await deliveryRow(world, made.id)).toEqual({
    status: after,
    attempts,
    is_due: true,
    lease_token: null,
    completed_at: null,
  })
})

it('is put on record, and no event', async () => {
  const events = await world.events(organization.id)
  await retry(made)
  const row = (await world.auditLog(organization.id)).at(-1)
  expect(row).toMatchObject({
    action: 'webhook_endpoint.delivery_retried',
    actor_id: organization.owner.id,
    target_id: made.id,
  })
  const { id, eventId } = made
  const data = { id, endpointId: made.endpoint.id, eventId, eventType: 'project.created' }
  expect(JSON.parse(row?.details ?? '').data).toEqual(data)
  expect(await world.events(organization.id)).toEqual(events)
})

it('wakes the worker, behind the commit', async () => {
  await leaveDelivery(world, made.id, 'failed', 10)
  const seen: Promise<unknown>[] = []
  const stop = world.ctx.deliveriesMade.listen(() => seen.push(deliveryRow(world, made.id)))
  await retry(made)
  stop()
  expect(await Promise.all(seen)).toMatchObject([{ is_due: true }])
})

it('happens once per Idempotency-Key', async () => {
  const headers = { 'idempotency-key': 'once' }
  const first = await retry(made, headers)
  await leaveDelivery(world, made.id, 'succeeded', 1)
  const again = await retry(made, headers)
  expect(again.body).toEqual(first.body)
  expect(again.headers['idempotent-replayed']).toBe('true')
  expect(await deliveryRow(world, made.id)).toMatchObject({ status: 'succeeded' })
})

describe('is refused, and changes nothing,', () => {
  async function expectRefused() {
    const before = await deliveryRow(world, made.id)
    expectRefusal(await retry(made), 'conflict')
    expect(await deliveryRow(world, made.id)).toEqual(before)
  }

  it('while it is in flight', async () => {
    await leaveDelivery(world, made.id, 'delivering', 1, '1 minute')
    await expectRefused()
  })

  it('when its endpoint is disabled', async () => {
    await organization.owner.patch(made.endpoint.path, { enabled: false })
    await expectRefused()
  })

  it('when its endpoint is deleted, also of a test', async () => {
    await organization.owner.delete(made.endpoint.path)
    await expectRefused()
    await world.sql(`update webhook_deliveries set event_type = 'webhook.test' where id = $1`, [made.id])
    await expectRefused()
  })

  it('when its event is forgotten', async () => {
    await world.sql(`update events set occurred_at = now() - interval '2 days' where stream_id = $1`, [
      organization.id,
    ])
    await world.sql('select delete_old_events(1, 100)')
    await expectRefused()
  })
})

it('is done for a test whose endpoint is disabled', async () => {
  await organization.owner.patch(made.endpoint.path, { enabled: false })
  await world.sql(`update webhook_deliveries set event_type = 'webhook.test' where id = $1`, [made.id])
  expect((await retry(made)).status).toBe(202)
})

it('is unknown to other organizations as one that does not exist', async () => {
  const mine = await world.organization()
  const ask = async (id: string) => indistinct(await mine.owner.post(`${deliveriesPath(mine)}/${id}/retry`))
  const unknown = await ask(newId('dlv'))
  expect(unknown.status).toBe(404)
  for (const id of [made.id, 'dlv_x', '%00']) expect(await ask(id)).toEqual(unknown)
})

it.each(['billing', 'member', 'viewer'] as const)('is not for the role %s', async (role) => {
  const somebody = await world.member(organization, role)
  expectRefusal(await somebody.post(`${made.path}/retry`), 'admin_required')
})

describe('while others change the same', () => {
  it('is refused when the worker was just taking it', async () => {
    const claim = {
      statement: `update webhook_deliveries set status = 'delivering', attempts = 1, lease_token = gen_random_uuid(),
        next_attempt_at = now() + interval '1 minute' where id = $1`,
      values: [made.id],
    }
    const [answer] = await whileLocked(world, claim, () => [retry(made)])
    if (answer) expectRefusal(answer, 'conflict')
    const row = await deliveryRow(world, made.id)
    expect(row).toMatchObject({ status: 'delivering', lease_token: expect.any(String) })
  })

  it.each(['disable', 'delete'])('leaves nothing open when it meets a %s', async (other) => {
    const { owner } = organization
    const { path, id } = made.endpoint
    const lock = { statement: 'select from webhook_endpoints where id = $1 for update', values: [id] }
    const end = () => (other === 'delete' ? owner.delete(path) : owner.patch(path, { enabled: false }))
    const [retried, ended] = await whileLocked(world, lock, () => [retry(made), end()])
    expect(ended?.status).toBe(other === 'delete' ? 204 : 200)
    expect([202, 409]).toContain(retried?.status)
    expect(await deliveryRow(world, made.id)).toMatchObject({ status: 'cancelled', lease_token: null })
  })

  it('meets a rotation and a second retry, and all are done', async () => {
    const lock = {
      statement: 'select from webhook_endpoints where id = $1 for update',
      values: [made.endpoint.id],
    }
    const answers = await whileLocked(world, lock, () => [
      retry(made),
      organization.owner.post(`${made.endpoint.path}/rotate-secret`),
      retry(made),
    ])
    expect(answers.map(({ status }) => status)).toEqual([202, 200, 202])
    expect(await deliveryRow(world, made.id)).toMatchObject({ status: 'pending', is_due: true })
  })
})

import pg from 'pg'
import { expect, it } from 'vitest'
import { cancelDeliveries } from '../../src/features/webhooks/cancel-queries.ts'
import { markDeliveries } from '../../src/features/webhooks/mark-queries.ts'
import { newId } from '../../src/lib/ids.ts'
import { makeEndpoint } from '../support/webhook-endpoints.ts'
import { deliveriesOf, gate, markOf, startedWith, untilStatuses } from '../support/webhook-worker.ts'
import { untilWaiting, whileLocked } from '../support/while-locked.ts'
import { type Organization, startWorld } from '../support/world.ts'

const world = startWorld()
const started = startedWith(world)

/** A transaction that holds rows until it is ended. */
async function hold(statement: string, id: string) {
  const holder = new pg.Client({ connectionString: world.database.superuserUrl })
  await holder.connect()
  await holder.query('begin')
  await holder.query(statement, [id])
  return {
    async end() {
      await holder.query('commit')
      await holder.end()
    },
  }
}

const count = async (statement: string, ...values: unknown[]) =>
  (await world.sql<{ count: number }>(`select count(*)::integer ${statement}`, values))[0]?.count
const waiting = () =>
  count(
    `from pg_stat_activity where usename = 'silver_app' and datname = current_database() and wait_event_type = 'Lock'`,
  )
const disabled = ({ id }: Organization) =>
  count(`from webhook_endpoints where organization_id = $1 and disabled_reason = 'gone'`, id)
const untilEnded = ({ id }: Organization, ended: number) =>
  expect
    .poll(() => count(`from webhook_deliveries where organization_id = $1 and status = 'failed'`, id), {
      timeout: 10_000,
    })
    .toBe(ended)

const begin = async () => {
  const organization = await world.organization({ plan: 'pro' })
  const receiver = await started.receiver()
  const isOpen = gate()
  receiver.answers(async () => {
    await isOpen.promise
    return 204
  })
  const endpoint = await makeEndpoint(organization, { url: receiver.url, eventTypes: ['project.*'] })
  await world.project(organization)
  return { organization, receiver, endpoint, isOpen }
}

it('puts on record what others got while somebody holds deliveries, and these when that is over', async () => {
  const [held, other] = [await begin(), await begin()]
  started.worker()
  await held.receiver.received(1)
  await other.receiver.received(1)
  const deliveries = await hold(
    'select from webhook_deliveries where endpoint_id = $1 for update',
    held.endpoint.id,
  )
  held.isOpen.resolve()
  await untilWaiting(world, 1)
  other.isOpen.resolve()
  await untilStatuses(world, other.endpoint, ['succeeded'])
  await world.project(other.organization)
  await untilStatuses(world, other.endpoint, ['succeeded', 'succeeded'])
  expect(await deliveriesOf(world, held.endpoint)).toMatchObject([{ status: 'delivering' }])
  await deliveries.end()
  await untilStatuses(world, held.endpoint, ['succeeded'])
  expect(held.receiver.requests).toHaveLength(1)
})

it('waits with one connection where the endpoints of one organization end together', async () => {
  const organization = await world.organization({ plan: 'scale' })
  const other = await begin()
  const receiver = await started.receiver()
  receiver.answers(410)
  for (let count = 0; count < 20; count++)
    await makeEndpoint(organization, { url: receiver.url, eventTypes: ['project.created'] })
  await world.project(organization)
  const head = await hold('select from streams where id = $1 for update', organization.id)
  started.worker()
  await untilEnded(organization, 20)
  await untilWaiting(world, 1)
  expect(await waiting()).toBe(1)
  other.isOpen.resolve()
  await untilStatuses(world, other.endpoint, ['succeeded'])
  await head.end()
  // The first may have waited too long.
  await expect.poll(() => disabled(organization), { timeout: 10_000 }).toBeGreaterThanOrEqual(19)
})

it('marks and cancels the same deliveries at once, in one order', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const endpoint = await makeEndpoint(organization)
  const ids = Array.from({ length: 40 }, () => newId('dlv')).sort()
  // Neither the table nor an index by time has them in the order of ids.
  for (const id of ids.toReversed())
    await world.sql(
      `insert into webhook_deliveries
         (id, organization_id, endpoint_id, event_id, event_type, status, next_attempt_at, lease_token)
       values ($1, $2, $3, $1, 'project.created', 'delivering', clock_timestamp(), gen_random_uuid())`,
      [id, organization.id, endpoint.id],
    )
  const rows = await deliveriesOf(world, endpoint)
  const marks = rows.map(({ id, lease_token }) =>
    markOf({ id, lease_token: lease_token ?? '', attempts: 1, claimed_at: new Date() }, 'succeeded'),
  )
  const lock = { statement: 'select from webhook_deliveries where id = $1 for update', values: [ids[0]] }
  const done = await whileLocked<unknown>(world, lock, () => [
    markDeliveries(world.ctx.db, marks, { waits: true }).then(({ length }) => length),
    untilWaiting(world, 1).then(() =>
      world.ctx.db.transaction().execute((tx) => cancelDeliveries(tx, endpoint.id, 100)),
    ),
  ])
  expect(done).toEqual([40, 0])
})

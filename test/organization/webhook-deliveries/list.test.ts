import { beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../../src/lib/ids.ts'
import { expectInvalid, expectRefusal } from '../../support/shapes.ts'
import { deliveriesPath } from '../../support/webhook-deliveries.ts'
import { type Endpoint, makeEndpoint } from '../../support/webhook-endpoints.ts'
import { type Organization, startWorld } from '../../support/world.ts'

const world = startWorld()

type Put = { endpoint: number; status: string; eventType: string; at: string }

const statuses = ['pending', 'delivering', 'retrying', 'succeeded', 'failed', 'cancelled']
const types = ['project.created', 'user.updated', 'webhook.test']
const hours = ['2026-05-12T00:00:00.000Z', '2026-05-12T12:00:00.000Z', '2026-05-13T00:00:00.000Z']

/** One delivery of every combination, in a time of its own. */
const all: Put[] = hours.flatMap((hour, day) =>
  [0, 1].flatMap((endpoint) =>
    statuses.flatMap((status) =>
      types.map((eventType, i) => ({
        endpoint,
        status,
        eventType,
        at: new Date(Date.parse(hour) + day + endpoint * 1_000 + i).toISOString(),
      })),
    ),
  ),
)

let organization: Organization
let other: Organization
let gone: Endpoint
let endpoints: Endpoint[]
let ids: Map<Put, string>
let path: string

beforeAll(async () => {
  organization = await world.organization({ plan: 'pro' })
  endpoints = [await makeEndpoint(organization), await makeEndpoint(organization)]
  path = deliveriesPath(organization)
  other = await world.organization()
  gone = await makeEndpoint(other, { eventTypes: ['project.created'] })
  await world.project(other)
  await other.owner.delete(gone.path)
  ids = new Map()
  for (const put of all) {
    const id = newId('dlv', Date.parse(put.at))
    ids.set(put, id)
    await world.sql(
      `insert into webhook_deliveries
         (id, organization_id, endpoint_id, event_id, event_type, status, next_attempt_at, created_at)
       values ($1, $2, $3, $4, $5, $6, case when $7 then now() end, $8)`,
      [
        id,
        organization.id,
        endpoints[put.endpoint]?.id,
        newId('evt'),
        put.eventType,
        put.status,
        ['pending', 'delivering', 'retrying'].includes(put.status),
        put.at,
      ],
    )
  }
})

const expected = (fits: (put: Put) => boolean) =>
  all
    .filter(fits)
    .map((put) => ids.get(put) ?? '')
    .sort()
    .reverse()

async function listed(query: Record<string, string>): Promise<string[]> {
  const found: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const search = new URLSearchParams({ limit: '7', ...query, ...(cursor && { cursor }) })
    const { status, body } = await organization.owner.get(`${path}?${search}`)
    expect(status).toBe(200)
    expect(body.data.length).toBeLessThanOrEqual(7)
    found.push(...body.data.map(({ id }: { id: string }) => id))
    cursor = body.nextCursor
  }
  return found
}

describe('every filter with every other, page by page, newest first', () => {
  const choices: [endpoint: number | undefined, status: string | undefined, type: string | undefined][] = [
    undefined,
    1,
  ].flatMap((endpoint) =>
    [undefined, 'failed'].flatMap((status) =>
      [undefined, 'user.updated'].map(
        (type) => [endpoint, status, type] as [number | undefined, string | undefined, string | undefined],
      ),
    ),
  )
  const times: [from: string | undefined, to: string | undefined][] = [
    [undefined, undefined],
    [hours[1], undefined],
    [undefined, hours[1]],
    ['2026-05-12T12:00:00.001Z', '2026-05-12T12:00:01.003Z'],
  ]
  it.each(choices)('endpoint %s, status %s, type %s', async (endpoint, status, eventType) => {
    for (const [from, to] of times) {
      const query = {
        ...(endpoint !== undefined && { endpoint: endpoints[endpoint]?.id ?? '' }),
        ...(status && { status }),
        ...(eventType && { eventType }),
        ...(from && { from }),
        ...(to && { to }),
      }
      const fits = expected(
        (put) =>
          (endpoint === undefined || put.endpoint === endpoint) &&
          (!status || put.status === status) &&
          (!eventType || put.eventType === eventType) &&
          (!from || put.at >= from) &&
          (!to || put.at < to),
      )
      expect(fits.length).toBeGreaterThan(0)
      expect(await listed(query)).toEqual(fits)
    }
  })
})

it('shows deliveries to deleted endpoints, and none of other organizations', async () => {
  const query = `?endpoint=${gone.id}`
  expect((await other.owner.get(`${deliveriesPath(other)}${query}`)).body.data).toHaveLength(1)
  expect((await organization.owner.get(`${path}${query}`)).body).toEqual({ data: [], nextCursor: null })
})

it('takes a cursor for its own organization and filters alone', async () => {
  const { owner } = organization
  const search = `${path}?limit=1&status=failed`
  const { nextCursor } = (await owner.get(search)).body
  expect((await owner.get(`${search}&cursor=${nextCursor}`)).status).toBe(200)
  const stranger = await world.organization()
  for (const [caller, elsewhere] of [
    [owner, `${path}?limit=1`],
    [owner, `${path}?limit=1&status=succeeded`],
    [owner, `${search}&from=2026-05-12T00:00:00Z`],
    [owner, `${search}&endpoint=${endpoints[0]?.id}`],
    [stranger.owner, `${deliveriesPath(stranger)}?limit=1&status=failed`],
  ] as const)
    expectRefusal(await caller.get(`${elsewhere}&cursor=${nextCursor}`), 'invalid_input', [
      { path: 'cursor', message: 'is not a cursor of this list' },
    ])
})

it.each([
  ['endpoint', 'whe_x'],
  ['endpoint', '%00'],
  ['status', 'open'],
  ['eventType', 'project.*'],
  ['from', 'yesterday'],
  ['to', '2026-05-12'],
  ['limit', '101'],
])('refuses %s=%s', async (name, value) => {
  expectInvalid(await organization.owner.get(`${path}?${name}=${value}`), name)
})

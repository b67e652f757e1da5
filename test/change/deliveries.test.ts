import { beforeEach, describe, expect, it } from 'vitest'
import { system } from '../../src/actors.ts'
import { type Action, actions, type RecordEntry } from '../../src/change/actions.ts'
import { change } from '../../src/change/change.ts'
import { verifyAuditLog } from '../../src/features/audit-log/verify.ts'
import { lockEndpoint } from '../../src/features/webhooks/endpoint-queries.ts'
import { isId, newId } from '../../src/lib/ids.ts'
import { type Random, seeded } from '../faults/harness/random.ts'
import { startSpine } from '../support/spine.ts'

const spine = startSpine()
const actor = system('test')
let organizationId: string

beforeEach(async () => {
  organizationId = await spine.organization()
})

type Endpoint = {
  id: string
  organizationId: string
  eventTypes: string[]
  projectId: string | null
  enabled: boolean
  isDeleted: boolean
}

async function endpoint(given: Partial<Endpoint> = {}): Promise<Endpoint> {
  const made = {
    id: newId('whe'),
    organizationId,
    eventTypes: ['*'],
    projectId: null,
    enabled: true,
    isDeleted: false,
    ...given,
  }
  await spine.sql(
    `insert into webhook_endpoints
       (id, organization_id, project_id, url, event_types, enabled, disabled_reason, sealed_secret, deleted_at)
     values ($1, $2, $3, 'https://example.com', $4, $5, $6, '', case when $7 then now() end)`,
    [
      made.id,
      made.organizationId,
      made.projectId,
      made.eventTypes,
      made.enabled,
      made.enabled ? null : 'manual',
      made.isDeleted,
    ],
  )
  return made
}

async function project(of = organizationId): Promise<string> {
  const id = newId('app')
  await spine.sql(
    'insert into projects (id, organization_id, slug, name, publishable_key) values ($1, $2, $1, $1, $1)',
    [id, of],
  )
  return id
}

const deliveries = () =>
  spine.sql<{ endpoint_id: string; event_id: string }>(
    'select endpoint_id, event_id from webhook_deliveries where organization_id = $1 order by 1, 2',
    [organizationId],
  )
const recipients = async () => (await deliveries()).map(({ endpoint_id }) => endpoint_id)
const createProject = (record: RecordEntry) =>
  record('project.created', { organizationId, target: 'app_1', data: { name: 'One' } })
const commit = (work: (record: RecordEntry) => void) =>
  change(spine.ctx, actor, async (_tx, record) => work(record))

it('makes a delivery that is due at once, in the form of ids and in the order of events', async () => {
  const { id } = await endpoint()
  await commit((record) => {
    createProject(record)
    createProject(record)
  })
  const events = await spine.events(organizationId)
  const rows = await spine.sql('select * from webhook_deliveries where organization_id = $1 order by id', [
    organizationId,
  ])
  expect(rows.map(({ event_id }) => event_id).sort()).toEqual(events.map((event) => event.id).sort())
  for (const row of rows) {
    expect(row).toEqual({
      id: expect.any(String),
      organization_id: organizationId,
      endpoint_id: id,
      event_id: expect.stringMatching(/^evt_/),
      event_type: 'project.created',
      status: 'pending',
      attempts: 0,
      next_attempt_at: row.created_at,
      lease_token: null,
      created_at: expect.any(Date),
      completed_at: null,
    })
    expect(isId('dlv', row.id)).toBe(true)
    expect(row.id.slice(4, 14)).toBe(row.event_id.slice(4, 14))
  }
  const [due] = await spine.sql('select bool_and(next_attempt_at <= now()) as due from webhook_deliveries')
  expect(due).toEqual({ due: true })
})

it('makes none for what is only on record', async () => {
  const person = await spine.person()
  organizationId = await spine.organization(person)
  await endpoint()
  await commit((record) => record('auth.login', { userId: person, target: person }))
  expect(await spine.auditLog(organizationId)).toHaveLength(1)
  expect(await deliveries()).toEqual([])
})

it('tells of a person to the endpoints of each organization, each with its own event', async () => {
  const person = await spine.person()
  const organizations = [await spine.organization(person), await spine.organization(person)]
  for (const id of organizations) await endpoint({ organizationId: id, eventTypes: ['user.*'] })
  await commit((record) => record('user.updated', { userId: person, target: person }))
  for (organizationId of organizations) {
    const [event] = await spine.events(organizationId)
    expect(await deliveries()).toMatchObject([{ event_id: event?.id }])
  }
})

it('sends a test to its endpoint alone, also when that is disabled, and to none that was deleted', async () => {
  await endpoint({ eventTypes: ['*', 'webhook.*', 'webhook.test'] })
  const [disabled, deleted] = [
    await endpoint({ eventTypes: ['user.created'], projectId: await project(), enabled: false }),
    await endpoint({ isDeleted: true }),
  ]
  const elsewhere = await endpoint({ organizationId: await spine.organization() })
  for (const target of [disabled.id, deleted.id, elsewhere.id, null])
    await commit((record) => record('webhook.test', { organizationId, target }))
  expect(await recipients()).toEqual([disabled.id])
  expect(await spine.sql('select from webhook_deliveries where endpoint_id = $1', [elsewhere.id])).toEqual([])
})

it('hears of its own end no more, and of its beginning already', async () => {
  const { id } = await endpoint()
  await commit((record) => record('webhook_endpoint.created', { organizationId, target: id }))
  expect(await recipients()).toEqual([id])
  await change(spine.ctx, actor, async (tx, record) => {
    await tx
      .updateTable('webhook_endpoints')
      .set({ enabled: false, disabled_reason: 'manual' })
      .where('id', '=', id)
      .execute()
    record('webhook_endpoint.disabled', { organizationId, target: id })
  })
  expect(await recipients()).toEqual([id])
})

it('leaves nothing of a change that was taken back, and wakes nobody', async () => {
  await endpoint()
  let woken = 0
  const stop = spine.ctx.deliveriesMade.listen(() => woken++)
  const failing = change(spine.ctx, actor, async (_tx, record) => {
    createProject(record)
    // Refused by append_to_stream after the deliveries of the first were made.
    record('project.created', { organizationId, target: 'nul \0' })
  })
  await expect(failing).rejects.toMatchObject({ code: '22P05' })
  stop()
  expect(await deliveries()).toEqual([])
  expect(woken).toBe(0)
})

it('wakes the worker once per change, when its deliveries are there to be claimed, and only then', async () => {
  const seen: Promise<unknown[]>[] = []
  const stop = spine.ctx.deliveriesMade.listen(() => seen.push(deliveries()))
  await commit(createProject)
  expect(seen).toEqual([])
  await endpoint()
  await commit((record) => {
    createProject(record)
    createProject(record)
  })
  expect(await Promise.all(seen)).toEqual([[expect.anything(), expect.anything()]])
  stop()
  await commit(createProject)
  expect(seen).toHaveLength(1)
})

it('has one delivery per endpoint and event, whoever inserts', async () => {
  await endpoint()
  await commit(createProject)
  const again = spine.sql(
    `insert into webhook_deliveries (id, organization_id, endpoint_id, event_id, event_type, next_attempt_at)
     select id || 'x', organization_id, endpoint_id, event_id, event_type, now() from webhook_deliveries
     where organization_id = $1`,
    [organizationId],
  )
  await expect(again).rejects.toMatchObject({ code: '23505' })
})

it('does not wait for somebody who is changing an endpoint', async () => {
  const { id } = await endpoint()
  await spine.ctx.db.transaction().execute(async (tx) => {
    await lockEndpoint(tx, organizationId, id)
    await tx.updateTable('webhook_endpoints').set({ url: 'https://b' }).where('id', '=', id).execute()
    await commit(createProject)
  })
  expect(await recipients()).toEqual([id])
})

/** Which endpoints an event goes to, as a reader of the documentation would say it. */
function wants(endpoint: Endpoint, event: { organizationId: string; action: Action; about: string | null }) {
  if (!actions[event.action].isEvent || endpoint.isDeleted || !endpoint.enabled) return false
  if (endpoint.organizationId !== event.organizationId) return false
  if (endpoint.projectId !== null && endpoint.projectId !== event.about) return false
  return endpoint.eventTypes.some((type) =>
    type.endsWith('*') ? event.action.startsWith(type.slice(0, -1)) : type === event.action,
  )
}

// What goes to organizations by its own path: people are tried above, and so are tests.
const ofOrganizations = (Object.keys(actions) as Action[]).filter(
  (action) => actions[action].stream === 'organization' && action !== 'webhook.test',
)

describe.each([1, 2, 3, 4, 5, 6])('random endpoints and events, seed %d', (seed) => {
  const random: Random = seeded(seed)
  const below = (most: number) => Math.floor(random() * most)
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T

  it('makes the deliveries that a plain model says, no more and no fewer', async () => {
    const organizations = [organizationId, await spine.organization()]
    const projects: Record<string, string[]> = {}
    for (const id of organizations) projects[id] = [await project(id), await project(id)]
    const patterns = ['*', ...ofOrganizations, ...ofOrganizations.map((name) => name.replace(/\..*/, '.*'))]
    const endpoints: Endpoint[] = []
    for (let i = 0; i < 12; i++) {
      const of = pick(organizations)
      endpoints.push(
        await endpoint({
          organizationId: of,
          eventTypes: Array.from({ length: 1 + below(4) }, () => pick(patterns)),
          projectId: random() < 0.4 ? pick(projects[of] ?? []) : null,
          enabled: random() < 0.75,
          isDeleted: random() < 0.2,
        }),
      )
    }
    const expected: string[] = []
    for (let round = 0; round < 10; round++) {
      const recorded = Array.from({ length: 1 + below(5) }, () => {
        const of = pick(organizations)
        const action = pick(ofOrganizations)
        const about = random() < 0.7 ? pick(projects[of] ?? []) : null
        return { organizationId: of, action, about, id: newId('mem') }
      })
      const isGood = random() < 0.8
      const changed = change(spine.ctx, actor, async (_tx, record) => {
        for (const { organizationId, action, about, id } of recorded) {
          const target = action.startsWith('project.') ? about : id
          const data = action.startsWith('project.') ? { id } : { id, projectId: about }
          record(action as 'project.created', { organizationId, target, data })
        }
        if (!isGood) throw new Error('taken back')
      })
      await changed.catch((error) => expect(error.message).toBe('taken back'))
      if (!isGood) continue
      for (const event of recorded)
        for (const endpoint of endpoints)
          if (wants(endpoint, event)) expected.push(`${endpoint.id} ${event.id}`)
    }
    const made = await spine.sql<{ pair: string }>(
      `select endpoint_id || ' ' || (data->>'id') as pair from webhook_deliveries
       join events on events.id = event_id and events.stream_id = organization_id
       where organization_id = any($1)`,
      [organizations],
    )
    expect(expected.length).toBeGreaterThan(5)
    expect(made.map(({ pair }) => pair).sort()).toEqual(expected.sort())
    expect((await verifyAuditLog(spine.ctx.db)).flaws).toEqual([])
  })
})

import { beforeEach, expect, it } from 'vitest'
import { system } from '../../src/actors.ts'
import type { RecordEntry } from '../../src/change/actions.ts'
import { change } from '../../src/change/change.ts'
import type { Tx } from '../../src/db/database.ts'
import { verifyAuditLog } from '../../src/features/audit-log/verify.ts'
import { slugOf, startSpine, userActor } from '../support/spine.ts'

const spine = startSpine()
const actor = system('test')
let organizationId: string

beforeEach(async () => {
  organizationId = await spine.organization()
})

const rename = (tx: Tx, name: string) =>
  tx.updateTable('organizations').set({ name }).where('id', '=', organizationId).execute()
const nameNow = async () =>
  (await spine.sql<{ name: string }>('select name from organizations where id = $1', [organizationId]))[0]
    ?.name
const created = (record: RecordEntry, target = 'app_1') =>
  record('project.created', { organizationId, target, data: { name: 'One' } })
const streamsNow = () => spine.sql('select * from streams order by id')

it('writes the change, its audit row and its event together', async () => {
  const actor = userActor('usr_1', 'req_42')
  const result = await change(spine.ctx, actor, async (tx, record) => {
    await rename(tx, 'New')
    record('organization.updated', {
      organizationId,
      target: organizationId,
      data: { name: 'New' },
      previous: { name: 'Old' },
      details: { reason: 'a whim' },
    })
    return 'done'
  })

  expect(result).toBe('done')
  expect(await nameNow()).toBe('New')
  const [row, ...others] = await spine.auditLog(organizationId)
  expect(others).toEqual([])
  expect(row).toEqual({
    id: expect.stringMatching(/^aud_/),
    sequence: 1,
    action: 'organization.updated',
    actor_kind: 'user',
    actor_id: 'usr_1',
    target_id: organizationId,
    request_id: 'req_42',
    details: expect.any(String),
  })
  expect(JSON.parse(row?.details ?? '')).toEqual({
    address: '192.0.2.7',
    userAgent: 'test',
    reason: 'a whim',
    data: { name: 'New' },
    previous: { name: 'Old' },
  })
  expect(await spine.events(organizationId)).toEqual([
    {
      id: expect.stringMatching(/^evt_/),
      sequence: 1,
      type: 'organization.updated',
      data: { name: 'New', previous: { name: 'Old' } },
      organization: { id: organizationId, slug: slugOf(organizationId) },
    },
  ])
})

it('refuses a change that recorded nothing, and takes it back', async () => {
  await expect(change(spine.ctx, actor, (tx) => rename(tx, 'Untold'))).rejects.toThrow(
    'a change recorded nothing; use change.silent and say why',
  )
  expect(await nameNow()).toBe(organizationId)
})

it('lets a silent change tell nothing, or something', async () => {
  await change.silent(spine.ctx, actor, 'for the test', (tx) => rename(tx, 'Quiet'))
  expect(await nameNow()).toBe('Quiet')
  expect(await spine.auditLog(organizationId)).toEqual([])

  await change.silent(spine.ctx, actor, 'for the test', async (_tx, record) => created(record))
  expect(await spine.auditLog(organizationId)).toHaveLength(1)
})

it('refuses a record that comes after the work, whether that ended well or not', async () => {
  let late: RecordEntry = () => undefined
  const keep = (_tx: Tx, record: RecordEntry) => {
    late = record
    created(record)
  }
  await change(spine.ctx, actor, async (tx, record) => keep(tx, record))
  expect(() => created(late)).toThrow("project.created was recorded after the transaction's work was over")

  const failing = change(spine.ctx, actor, async (tx, record) => {
    keep(tx, record)
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(() => created(late)).toThrow("project.created was recorded after the transaction's work was over")
  expect(await spine.auditLog(organizationId)).toHaveLength(1)
})

it('takes everything back when the work fails, heads of streams included', async () => {
  const before = await streamsNow()
  const failing = change(spine.ctx, actor, async (tx, record) => {
    await rename(tx, 'Failed')
    created(record)
    throw new Error('changed my mind')
  })
  await expect(failing).rejects.toThrow('changed my mind')
  expect(await nameNow()).toBe(organizationId)
  expect(await spine.auditLog(organizationId)).toEqual([])
  expect(await spine.events(organizationId)).toEqual([])
  expect(await streamsNow()).toEqual(before)
})

it('takes the work back when its audit row cannot be written', async () => {
  const failing = change(spine.ctx, actor, async (tx, record) => {
    await rename(tx, 'Untold')
    created(record, 'nul \0')
  })
  await expect(failing).rejects.toMatchObject({ code: '22P05' })
  expect(await nameNow()).toBe(organizationId)
})

it('makes events of some actions only', async () => {
  const userId = await spine.person()
  const home = await spine.organization(userId)
  await change(spine.ctx, actor, async (_tx, record) => {
    record('auth.login', { userId, target: userId })
    record('session.created', { userId, target: 'ses_1' })
    record('auth.logout', { userId, target: userId })
  })
  expect((await spine.auditLog(home)).map(({ action }) => action)).toEqual([
    'auth.login',
    'session.created',
    'auth.logout',
  ])
  expect(await spine.events(home)).toMatchObject([{ sequence: 1, type: 'session.created', data: {} }])
})

it('tells of a person to every organization they belong to at that moment', async () => {
  const [ann, bob] = [await spine.person(), await spine.person()]
  const [both, annOnly, deleted, stranger] = [
    await spine.organization(ann, bob),
    await spine.organization(ann),
    await spine.organization(ann),
    await spine.organization(),
  ]
  await spine.sql('update organizations set deleted_at = now() where id = $1', [deleted])
  await change(spine.ctx, actor, async (tx, record) => {
    record('user.updated', { userId: ann, target: ann, data: { who: 'ann' } })
    record('user.updated', { userId: bob, target: bob, data: { who: 'bob' } })
    await tx
      .insertInto('memberships')
      .values({ id: 'mem_new', organization_id: organizationId, user_id: bob, role: 'viewer' })
      .execute()
  })
  const told = async (id: string) => (await spine.events(id)).map(({ data }) => (data as { who: string }).who)
  expect(await told(both)).toEqual(['ann', 'bob'])
  expect(await told(annOnly)).toEqual(['ann'])
  expect(await told(organizationId)).toEqual(['bob'])
  expect(await told(deleted)).toEqual([])
  expect(await told(stranger)).toEqual([])
})

it('tells of people without an organization, of unknown people and of the platform to `platform`', async () => {
  const nobodys = await spine.person()
  await change(spine.ctx, actor, async (_tx, record) => {
    record('user.created', { userId: nobodys, target: nobodys })
    record('auth.login.failed', { userId: null, target: null })
    record('platform.signing_key.rotated', { target: 'key_1' })
  })
  expect((await spine.auditLog('platform')).map(({ action }) => action)).toEqual([
    'user.created',
    'auth.login.failed',
    'platform.signing_key.rotated',
  ])
  expect(await spine.events('platform')).toMatchObject([{ type: 'user.created', organization: null }])
})

it('names another actor where the change only writes down what somebody did', async () => {
  await change(spine.ctx, actor, async (_tx, record) => {
    record('project.updated', { organizationId, target: 'app_1', actor: userActor('usr_9', 'req_9') })
    created(record)
  })
  expect(await spine.auditLog(organizationId)).toMatchObject([
    { actor_kind: 'user', actor_id: 'usr_9', request_id: 'req_9' },
    { actor_kind: 'system', actor_id: null, request_id: 'system:test' },
  ])
})

it('numbers each stream without gaps, over changes that failed', async () => {
  for (const isGood of [true, false, true, false, false, true]) {
    const changed = change(spine.ctx, actor, async (_tx, record) => {
      created(record)
      record('organization.updated', { organizationId, target: organizationId })
      if (!isGood) throw new Error('no')
    })
    await changed.catch(() => undefined)
  }
  const numbers = [1, 2, 3, 4, 5, 6]
  expect((await spine.auditLog(organizationId)).map(({ sequence }) => sequence)).toEqual(numbers)
  expect((await spine.events(organizationId)).map(({ sequence }) => sequence)).toEqual(numbers)
  expect((await verifyAuditLog(spine.ctx.db)).flaws).toEqual([])
})

it('shows an event the slug that the same change gave', async () => {
  await change(spine.ctx, actor, async (tx, record) => {
    const slug = `${slugOf(organizationId)}-new`
    await tx.updateTable('organizations').set({ slug }).where('id', '=', organizationId).execute()
    record('organization.updated', { organizationId, target: organizationId })
  })
  expect(await spine.events(organizationId)).toMatchObject([
    { organization: { id: organizationId, slug: `${slugOf(organizationId)}-new` } },
  ])
})

it('knows who an actor is by kind', async () => {
  const request = { id: 'req', address: '', userAgent: null }
  const app = { projectId: 'app_1', organizationId }
  const actors = [
    { kind: 'anyone', request },
    { kind: 'client', request, ...app },
    { kind: 'backend', request, ...app, keyId: 'key_1', keyPrefix: 'sk_live_12345678' },
  ] as const
  for (const actor of actors) await change(spine.ctx, actor, async (_tx, record) => created(record))
  expect(
    (await spine.auditLog(organizationId)).map(({ actor_kind, actor_id }) => [actor_kind, actor_id]),
  ).toEqual([
    ['anyone', null],
    ['client', 'app_1'],
    ['backend', 'key_1'],
  ])
})

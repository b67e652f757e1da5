import { expect, it } from 'vitest'
import { appendRows } from '../../support/audit-rows.ts'
import { anId, aTime, expectInvalid, expectRefusal, indistinct } from '../../support/shapes.ts'
import { type Organization, startWorld } from '../../support/world.ts'

const world = startWorld()

const read = ({ id, owner }: Organization, query = '') => owner.get(`/v1/orgs/${id}/audit-logs${query}`)
const actionsOf = async (organization: Organization, query: string) =>
  (await read(organization, query)).body.data.map(({ action }: { action: string }) => action)

it('shows what was done, the newest first, with what it was before', async () => {
  const organization = await world.organization()
  const { id } = await world.project(organization, { name: 'Before' })
  const path = `/v1/orgs/${organization.id}/projects/${id}`
  const renamed = await organization.owner.patch(path, { name: 'After' })
  const { status, body } = await read(organization)
  const rows = await world.auditLog(organization.id)
  expect(status).toBe(200)
  expect(body.nextCursor).toBe(null)
  expect(body.data.map(({ sequence }: { sequence: number }) => sequence)).toEqual(
    rows.map((_, index) => rows.length - index),
  )
  const [stored] = await world.sql('select hash from audit_logs where stream_id = $1 and sequence = $2', [
    organization.id,
    rows.length,
  ])
  expect(body.data[0]).toEqual({
    id: anId('aud'),
    organizationId: organization.id,
    sequence: rows.length,
    occurredAt: aTime,
    action: 'project.updated',
    actor: { kind: 'user', id: organization.owner.id },
    targetId: id,
    requestId: renamed.headers['x-request-id'],
    changes: { name: { before: 'Before', after: 'After' } },
    details: expect.objectContaining({ address: '127.0.0.1', previous: { name: 'Before' } }),
    hash: stored?.hash.toString('hex'),
  })
  expect(body.data.at(-1).changes).toEqual({})
})

it('pages with cursors that fit this list, this organization and these filters alone', async () => {
  const organization = await world.organization()
  const other = await world.organization()
  for (const { id } of [organization, other])
    await appendRows(
      world.sql,
      id,
      Array.from({ length: 5 }, () => ({ action: 'project.created' })),
    )
  const all = (await read(organization)).body.data
  const found: unknown[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { data: unknown[]; nextCursor: string | null } = (
      await read(organization, `?limit=2${cursor && `&cursor=${cursor}`}`)
    ).body
    found.push(...page.data)
    cursor = page.nextCursor
  }
  expect(found).toEqual(all)
  const cursor = (await read(organization, '?limit=2&action=project.*')).body.nextCursor
  expect((await read(organization, `?limit=2&action=project.*&cursor=${cursor}`)).status).toBe(200)
  const foreign = await Promise.all([
    read(organization, `?limit=2&cursor=${cursor}`),
    read(organization, `?limit=2&action=project.created&cursor=${cursor}`),
    read(organization, `?limit=2&action=project.*&from=2020-01-01T00:00:00Z&cursor=${cursor}`),
    read(other, `?limit=2&action=project.*&cursor=${cursor}`),
    organization.owner.get(`/v1/audit-logs?limit=2&action=project.*&cursor=${cursor}`),
    read(organization, `?limit=2&action=project.*&cursor=${cursor.slice(1)}`),
  ])
  for (const answer of foreign) expectInvalid(answer, 'cursor')
})

it('narrows by action, actor, target, request and time, all of which must hold', async () => {
  const organization = await world.organization()
  const { id } = await world.project(organization)
  const { body } = await organization.owner.patch(`/v1/orgs/${organization.id}/projects/${id}`, {
    name: 'New',
  })
  expect(body.name).toBe('New')
  await appendRows(world.sql, organization.id, [
    { action: 'webhook_endpoint.disabled', actorKind: 'system', actorId: null, requestId: 'system:webhooks' },
  ])
  const updated = (await read(organization, '?action=project.updated')).body.data[0]
  expect(updated.targetId).toBe(id)
  expect(await actionsOf(organization, '?action=project.*')).toEqual(['project.updated', 'project.created'])
  expect(await actionsOf(organization, '?action=*.updated')).toEqual(['project.updated'])
  expect(await actionsOf(organization, '?action=*')).toHaveLength(
    (await world.auditLog(organization.id)).length,
  )
  expect(await actionsOf(organization, '?actor=system')).toEqual(['webhook_endpoint.disabled'])
  expect(await actionsOf(organization, '?requestId=system:webhooks')).toEqual(['webhook_endpoint.disabled'])
  expect(await actionsOf(organization, `?actor=${organization.owner.id}&target=${id}`)).toEqual([
    'project.updated',
    'project.created',
  ])
  expect(await actionsOf(organization, `?requestId=${updated.requestId}&action=project.created`)).toEqual([])
  expect(await actionsOf(organization, `?target=${id}&from=${updated.occurredAt}`)).toEqual([
    'project.updated',
  ])
  expect(await actionsOf(organization, `?target=${id}&to=${updated.occurredAt}`)).toEqual(['project.created'])
  const moscow = updated.occurredAt.replace('Z', '+03:00')
  expect(await actionsOf(organization, `?target=${id}&from=${encodeURIComponent(moscow)}`)).toEqual([
    'project.updated',
    'project.created',
  ])
})

it('tells nothing of another organization, whose ids are as unknown ones', async () => {
  const [mine, theirs] = [await world.organization(), await world.organization()]
  const { id } = await world.project(theirs)
  const [theirRow] = await world.auditLog(theirs.id)
  const unknown = await read(mine, '?target=app_00000000000000000000000000')
  expect(unknown.body).toEqual({ data: [], nextCursor: null })
  for (const query of [
    `?target=${id}`,
    `?actor=${theirs.owner.id}`,
    `?target=${theirs.id}`,
    `?requestId=${theirRow?.request_id}`,
  ])
    expect(indistinct(await read(mine, query)), query).toEqual(indistinct(unknown))
  expect((await read(mine)).text).not.toContain(theirs.id)
  expectRefusal(await mine.owner.get(`/v1/orgs/${theirs.id}/audit-logs`), 'not_found')
})

it.each([
  ['action', 'Project.created'],
  ['action', ''],
  ['action', 'project.%'],
  ['action', "x' or 1=1"],
  ['action', 'a'.repeat(101)],
  ['actor', 'usr/1'],
  ['actor', '*'],
  ['target', 'a b'],
  ['target', '%00'],
  ['requestId', '%0A'],
  ['requestId', ''],
  ['from', 'yesterday'],
  ['from', '2026-13-01T00:00:00Z'],
  ['to', '1778544000'],
  ['limit', '101'],
])('does not understand %s=%s', async (name, value) => {
  const organization = await world.organization()
  const query = value.startsWith('%') ? value : encodeURIComponent(value)
  expectInvalid(await read(organization, `?${name}=${query}`), name)
})

it.each(['0000-01-01T00:00:00Z', '9999-12-31T23:59:59Z'])('finds a place for %s', async (time) => {
  const organization = await world.organization()
  const all = (await read(organization)).body.data.length
  const found = [`?from=${time}`, `?to=${time}`, `?actor=usr_1&from=${time}&to=${time}`]
  const counts = await Promise.all(
    found.map(async (query) => (await read(organization, query)).body.data.length),
  )
  expect(counts).toEqual(time.startsWith('0') ? [all, 0, 0] : [0, all, 0])
})

it('shows a row whose details were erased', async () => {
  const organization = await world.organization()
  const [row] = (await read(organization)).body.data
  await world.sql(`select audit_erase(array['${organization.owner.id}'], '', 1000000)`)
  expect((await read(organization)).body.data[0]).toEqual({ ...row, details: null, changes: null })
})

it('is for owners and admins', async () => {
  const organization = await world.organization()
  const path = `/v1/orgs/${organization.id}/audit-logs`
  expect((await (await world.member(organization, 'admin')).get(path)).status).toBe(200)
  for (const role of ['billing', 'member', 'viewer'] as const)
    expectRefusal(await (await world.member(organization, role)).get(path), 'forbidden')
  expectRefusal(await world.anonymous.get(path), 'authentication_required')
})

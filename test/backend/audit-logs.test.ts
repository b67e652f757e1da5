import { expect, it } from 'vitest'
import { anId, aTime, expectInvalid, expectRefusal } from '../support/shapes.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const read = (secretKey: string, query = '') =>
  world.withBearer(secretKey).get(`/v1/backend/audit-logs${query}`)

it('tells the audit rows of the organization, oldest first, page by page', async () => {
  const organization = await world.organization()
  const { secretKey, id, slug } = await world.project(organization)
  const renamed = await organization.owner.patch(`/v1/orgs/${organization.id}/projects/${id}`, {
    name: 'Renamed',
  })
  const { body, status } = await read(secretKey)
  expect(status).toBe(200)
  const rows = await world.auditLog(organization.id)
  expect(body.data.map(({ action }: { action: string }) => action)).toEqual(rows.map(({ action }) => action))
  expect(body.data.map(({ sequence }: { sequence: number }) => sequence)).toEqual(rows.map((_, i) => i + 1))
  expect(body.nextCursor).toBe(null)
  const [stored] = await world.sql('select hash from audit_logs where stream_id = $1 and sequence = $2', [
    organization.id,
    rows.length,
  ])
  expect(body.data.at(-1)).toEqual({
    id: anId('aud'),
    organizationId: organization.id,
    sequence: rows.length,
    occurredAt: aTime,
    action: 'project.updated',
    actor: { kind: 'user', id: organization.owner.id },
    targetId: id,
    requestId: renamed.headers['x-request-id'],
    changes: { name: { before: expect.stringMatching(/^Project/), after: 'Renamed' } },
    details: expect.objectContaining({
      address: '127.0.0.1',
      data: expect.objectContaining({ id, slug, name: 'Renamed' }),
      previous: { name: expect.stringMatching(/^Project/) },
    }),
    hash: stored?.hash.toString('hex'),
  })
  const seen: unknown[] = []
  let after: string | null = '0'
  while (after !== null) {
    const page: { data: unknown[]; nextCursor: string | null } = (
      await read(secretKey, `?limit=2&after=${after}`)
    ).body
    seen.push(...page.data)
    after = page.nextCursor
  }
  expect(seen).toEqual(body.data)
  expect((await read(secretKey, `?after=${rows.length}`)).body).toEqual({ data: [], nextCursor: null })
})

it('tells nothing of another organization', async () => {
  const [mine, theirs] = [
    await world.project(await world.organization()),
    await world.project(await world.organization()),
  ]
  const text = (await read(mine.secretKey)).text
  expect(text).toContain(mine.id)
  for (const foreign of [theirs.id, theirs.organization.id, theirs.organization.owner.id])
    expect(text).not.toContain(foreign)
})

it('shows a row whose details were erased, and says when rows are gone', async () => {
  const organization = await world.organization()
  const { secretKey } = await world.project(organization)
  const whole = (await read(secretKey)).body.data
  world.expectsBrokenChains = true
  await world.sql(`alter table audit_details disable trigger append_only;
    delete from audit_details where audit_id = '${whole[1].id}';
    alter table audit_details enable trigger append_only`)
  expect((await read(secretKey)).body.data[1]).toEqual({ ...whole[1], changes: null, details: null })
  await world.sql(`alter table audit_logs disable trigger append_only;
    alter table audit_details disable trigger append_only;
    delete from audit_details where audit_id = '${whole[0].id}';
    delete from audit_logs where id = '${whole[0].id}';
    alter table audit_details enable trigger append_only;
    alter table audit_logs enable trigger append_only`)
  expectRefusal(await read(secretKey, '?after=0'), 'cursor_expired')
  expect((await read(secretKey, '?after=1')).body.data).toHaveLength(whole.length - 1)
})

it.each(['?after=x', '?after=-1', `?after=aud_01k9x3v7tqe4m8z2c6w5r0h1jd`])(
  'does not understand %s',
  async (query) => {
    const { secretKey } = await world.project(await world.organization())
    expectInvalid(await read(secretKey, query), 'after')
  },
)

it('is for back ends alone', async () => {
  const { owner } = await world.organization()
  expectRefusal(await owner.get('/v1/backend/audit-logs'), 'invalid_secret_key')
})

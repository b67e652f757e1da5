import { expect, it } from 'vitest'
import { appendRows } from '../support/audit-rows.ts'
import { expectInvalid, expectRefusal } from '../support/shapes.ts'
import { type Person, startWorld } from '../support/world.ts'

const world = startWorld()

type Entry = { id: string; organizationId: string; occurredAt: string; sequence: number }

async function readAll(person: Person, query: string): Promise<Entry[]> {
  const found: Entry[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await person.get(`/v1/audit-logs?limit=3${query}${cursor && `&cursor=${cursor}`}`)
    found.push(...body.data)
    cursor = body.nextCursor
  }
  return found
}
const organizationsIn = (entries: Entry[]) => [
  ...new Set(entries.map(({ organizationId }) => organizationId)),
]

it('puts together what was done in all organizations that the caller owns or administers', async () => {
  const [mine, administered, read, foreign] = await Promise.all([1, 2, 3, 4].map(() => world.organization()))
  if (!mine || !administered || !read || !foreign) throw new Error('no organizations')
  const { owner } = mine
  const join = (id: string, role: string) =>
    world.sql(`insert into memberships (id, organization_id, user_id, role) values ($1, $2, $3, $4)`, [
      `mem_${id}`,
      id,
      owner.id,
      role,
    ])
  await join(administered.id, 'admin')
  await join(read.id, 'viewer')
  for (const { id } of [mine, administered, read, foreign, mine, administered])
    await appendRows(world.sql, id, [{ action: 'project.created' }, { action: 'project.updated' }])
  const all = await readAll(owner, '')
  expect(organizationsIn(all).sort()).toEqual([mine.id, administered.id].sort())
  const stored = await world.sql<{ id: string }>(
    `select id from audit_logs where stream_id in ($1, $2)
     order by occurred_at desc, sequence desc, stream_id desc`,
    [mine.id, administered.id],
  )
  expect(all.map(({ id }) => id)).toEqual(stored.map(({ id }) => id))
  expect(await readAll(owner, '&action=project.created')).toHaveLength(4)
  const one = `/v1/orgs/${administered.id}/audit-logs?limit=100`
  expect((await owner.get(one)).body.data).toEqual(
    all.filter(({ organizationId }) => organizationId === administered.id),
  )
})

it('leaves an organization out that ended the session for itself, or is deleted', async () => {
  const { owner, id } = await world.organization()
  const second = (await owner.post('/v1/orgs', { name: 'Second' })).body
  expect(organizationsIn(await readAll(owner, '')).sort()).toEqual([id, second.id].sort())
  const [seen] = await world.sql<{ seen: string }>(
    `select count(*) as seen from session_organizations where organization_id in ($1, $2)`,
    [id, second.id],
  )
  expect(Number(seen?.seen)).toBe(2)
  await world.sql('update session_organizations set revoked_at = now() where organization_id = $1', [
    second.id,
  ])
  expect(organizationsIn(await readAll(owner, ''))).toEqual([id])
  await world.sql('update organizations set deleted_at = now() where id = $1', [id])
  expect((await owner.get('/v1/audit-logs')).body).toEqual({ data: [], nextCursor: null })
})

it('is for whoever is signed in, and takes the cursors of nobody else', async () => {
  const [mine, theirs] = [await world.organization(), await world.organization()]
  expectRefusal(await world.anonymous.get('/v1/audit-logs'), 'authentication_required')
  const { nextCursor } = (await theirs.owner.get('/v1/audit-logs?limit=1')).body
  expectInvalid(await mine.owner.get(`/v1/audit-logs?limit=1&cursor=${nextCursor}`), 'cursor')
  expectInvalid(await mine.owner.get('/v1/audit-logs?action=A'), 'action')
})

import { expect, it } from 'vitest'
import { ageRows, appendRows } from '../../support/audit-rows.ts'
import { aTime, expectInvalid, expectRefusal } from '../../support/shapes.ts'
import { tamper } from '../../support/tampering.ts'
import { type Organization, startWorld } from '../../support/world.ts'

const world = startWorld()
world.expectsBrokenChains = true

async function verify({ id, owner }: Organization, query = '') {
  const { status, body } = await owner.get(`/v1/orgs/${id}/audit-logs/verify${query}`)
  expect(status).toBe(200)
  return body
}
const append = ({ id }: Organization, count: number) =>
  appendRows(
    world.sql,
    id,
    Array.from({ length: count }, () => ({})),
  )
const asSuperuser = (statements: string) => tamper(world.database.superuserUrl, statements)
async function countOf({ id }: Organization): Promise<number> {
  const [row] = await world.sql<{ count: number }>(
    'select count(*)::integer as count from audit_logs where stream_id = $1',
    [id],
  )
  return row?.count ?? 0
}

it('says of a short log at once that it is whole, and what was checked', async () => {
  const organization = await world.organization()
  const count = await countOf(organization)
  const [head] = await world.sql('select head_hash from streams where id = $1', [organization.id])
  expect(await verify(organization)).toEqual({
    valid: true,
    checked: { first: 1, last: count, entries: count },
    head: { sequence: count, hash: head?.head_hash.toString('hex') },
    checkpoint: null,
    erased: 0,
    flaws: [],
    nextCursor: null,
  })
})

it('checks a long log part by part, from its end to its beginning, and finds what is wrong in its part', async () => {
  const organization = await world.organization()
  const begun = await countOf(organization)
  await append(organization, 10_500)
  const count = begun + 10_500
  await asSuperuser(
    `update audit_logs set target_id = 'x' where stream_id = '${organization.id}' and sequence in (17, ${count - 4_999})`,
  )
  const parts = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const part: { nextCursor: string | null } = await verify(organization, cursor && `?before=${cursor}`)
    parts.push(part)
    cursor = part.nextCursor
  }
  const changed = (sequence: number) => [{ sequence, message: 'the row was changed' }]
  const edge = count - 4_999
  expect(parts).toMatchObject([
    { valid: false, checked: { first: edge, last: count, entries: 5_000 }, flaws: changed(edge) },
    { valid: true, checked: { first: edge - 5_000, last: edge - 1, entries: 5_000 }, flaws: [] },
    { valid: false, checked: { first: 1, last: edge - 5_001 }, flaws: changed(17) },
  ])
})

it.each<[string, (at: (sequence: number) => string, last: number) => string, (last: number) => object[]]>([
  [
    'a deleted entry',
    (at) => `delete from audit_logs where ${at(3)}`,
    () => [
      { sequence: 4, message: 'rows 3 to 3 are missing' },
      { sequence: 4, message: 'the row does not follow the row before it' },
    ],
  ],
  [
    'a cut tail',
    (at, last) => `delete from audit_logs where ${at(last)}`,
    (last) => [
      {
        sequence: last - 1,
        message: `the chain ends at ${last - 1}, its head is at ${last}: rows at the end are missing or changed`,
      },
    ],
  ],
  [
    'a head that was set back',
    (at, last) => `update streams set audit_sequence = ${last - 1},
      head_hash = (select hash from audit_logs where ${at(last - 1)}) where id = (select stream_id from audit_logs where ${at(1)})`,
    (last) => [{ sequence: last, message: 'the row is past the head: the head is missing or was set back' }],
  ],
  [
    'no head',
    (at) => `delete from streams where id = (select stream_id from audit_logs where ${at(1)})`,
    (last) => [{ sequence: last, message: 'the row is past the head: the head is missing or was set back' }],
  ],
  [
    'edited details',
    (at) =>
      `update audit_details set details = '{}' where audit_id = (select id from audit_logs where ${at(2)})`,
    () => [{ sequence: 2, message: 'the details were changed' }],
  ],
])('finds %s', async (_what, statement, expected) => {
  const organization = await world.organization()
  const last = await countOf(organization)
  await asSuperuser(
    statement((sequence) => `stream_id = '${organization.id}' and sequence = ${sequence}`, last),
  )
  expect(await verify(organization)).toMatchObject({ valid: false, flaws: expected(last) })
})

it('begins where a pruned log begins, and counts what was erased', async () => {
  const organization = await world.organization()
  await append(organization, 3)
  const count = await countOf(organization)
  await ageRows(world.database.superuserUrl, organization.id, 4, 400)
  await world.sql('select audit_prune(365, 1000)')
  await world.sql(`select audit_erase(array['usr_somebody'], '', 1000000)`)
  const found = await verify(organization)
  expect(found).toMatchObject({
    valid: true,
    checked: { first: 5, last: count, entries: count - 4 },
    checkpoint: { sequence: 4, hash: expect.stringMatching(/^[0-9a-f]{64}$/), prunedAt: aTime },
    erased: 3,
    nextCursor: null,
  })
  expect(await verify(organization, '?before=5')).toMatchObject({
    valid: true,
    checked: null,
    nextCursor: null,
  })
  expect(await verify(organization, '?before=2')).toMatchObject({
    valid: true,
    checked: null,
    nextCursor: null,
  })
  expect(await verify(organization, '?before=7')).toMatchObject({
    valid: true,
    checked: { first: 5, last: 6 },
  })
  await asSuperuser(`update audit_checkpoints set hash = '\\x00' where stream_id = '${organization.id}'`)
  expect((await verify(organization)).valid).toBe(false)
})

it('is for owners and admins, and understands numbers alone', async () => {
  const organization = await world.organization()
  const path = `/v1/orgs/${organization.id}/audit-logs/verify`
  for (const before of ['0', '-1', 'x', '1'.repeat(16)])
    expectInvalid(await organization.owner.get(`${path}?before=${before}`), 'before')
  expect((await organization.owner.get(`${path}?before=999999999999999`)).status).toBe(200)
  expectRefusal(await (await world.member(organization, 'member')).get(path), 'forbidden')
  expectRefusal(await (await world.organization()).owner.get(path), 'not_found')
})

import { beforeAll, expect, it } from 'vitest'
import type { Role } from '../../../src/roles.ts'
import type { Answer } from '../../support/http.ts'
import { whileLocked } from '../../support/while-locked.ts'
import { type Organization, type Person, startWorld } from '../../support/world.ts'

const world = startWorld()

let organization: Organization
let one: Person
let other: Person
beforeAll(async () => {
  organization = await world.organization()
  one = organization.owner
  other = await world.member(organization, 'owner')
})

const pathOf = (person: Person) => `/v1/orgs/${organization.id}/members/${person.id}`
const demote = (by: Person, whose: Person) => by.patch(pathOf(whose), { role: 'admin' })
const remove = (by: Person, whose: Person) => by.delete(pathOf(whose))

/** Both owners again, whatever became of them. */
async function restore(): Promise<void> {
  for (const { id } of [one, other])
    await world.sql(
      `insert into memberships (id, organization_id, user_id, role) values ('mem_' || $2, $1, $2, 'owner')
       on conflict (organization_id, user_id) do update set role = 'owner'`,
      [organization.id, id],
    )
}

async function ownersLeft(): Promise<string[]> {
  const rows = await world.sql<{ user_id: string; role: Role }>(
    `select user_id from memberships where organization_id = $1 and role = 'owner'`,
    [organization.id],
  )
  return rows.map(({ user_id }) => user_id)
}

/** Sends both while all that either could wait for is held. */
async function together(requests: () => Promise<Answer>[]): Promise<number[]> {
  await restore()
  const lock = {
    statement: `select from subscriptions join memberships using (organization_id) where organization_id = $1 for update`,
    values: [organization.id],
  }
  const answers = await whileLocked(world, lock, requests)
  expect(await ownersLeft(), answers.map(({ text }) => text).join('\n')).toHaveLength(1)
  return answers.map(({ status }) => status).sort()
}

it('keeps an owner when two owners demote each other at once, fifty times', async () => {
  for (let round = 0; round < 50; round++) {
    const requests = [() => demote(one, other), () => demote(other, one)]
    if (round % 2) requests.reverse()
    // Whoever came second was no owner any more.
    expect(await together(() => requests.map((request) => request()))).toEqual([200, 403])
  }
})

it.each<[string, () => Promise<Answer>[], number[]]>([
  ['leave', () => [remove(one, one), remove(other, other)], [204, 409]],
  ['step down', () => [demote(one, one), demote(other, other)], [200, 409]],
  ['remove each other', () => [remove(one, other), remove(other, one)], [204, 404]],
  ['leave and step down', () => [remove(one, one), demote(other, other)], [expect.any(Number) as never, 409]],
  ['demote who leaves', () => [demote(one, other), remove(other, other)], []],
  ['demote who removes', () => [demote(one, other), remove(other, one)], []],
])('keeps an owner when two owners at once %s', async (_what, requests, expected) => {
  for (let round = 0; round < 6; round++) {
    const statuses = await together(() => (round % 2 ? requests().reverse() : requests()))
    if (expected.length > 0) expect(statuses).toEqual(expected)
  }
})

it('makes and unmakes owners beside each other without losing the last', async () => {
  const third = await world.member(organization, 'admin')
  for (let round = 0; round < 6; round++) {
    await world.sql(`update memberships set role = 'admin' where user_id = $1`, [third.id])
    await restore()
    await world.sql('delete from memberships where organization_id = $1 and user_id = $2', [
      organization.id,
      other.id,
    ])
    const lock = {
      statement: 'select from subscriptions where organization_id = $1 for update',
      values: [organization.id],
    }
    const requests = [
      () => one.patch(pathOf(third), { role: 'owner' }),
      () => remove(one, one),
      () => remove(third, third),
    ]
    const order = [requests[round % 3], requests[(round + 1) % 3], requests[(round + 2) % 3]]
    await whileLocked(world, lock, () => order.map((request) => request?.() as Promise<Answer>))
    expect((await ownersLeft()).length).toBeGreaterThanOrEqual(1)
    await world.sql(
      `insert into memberships (id, organization_id, user_id, role) values ('mem_' || $2, $1, $2, 'admin')
       on conflict do nothing`,
      [organization.id, third.id],
    )
  }
})

import { beforeAll, expect, it } from 'vitest'
import type { Answer } from '../../support/http.ts'
import {
  accept,
  decline,
  invitationsPath,
  makeInvitation,
  membersOf,
  tokenOf,
} from '../../support/invitations.ts'
import { untilWaiting, whileLocked } from '../../support/while-locked.ts'
import { type Organization, type Person, startWorld } from '../../support/world.ts'

const world = startWorld()
let people: Person[]
let person: Person
let another: Person

beforeAll(async () => {
  people = []
  while (people.length < 15) people.push((await world.organization()).owner)
  ;[person, another] = people as [Person, Person]
})

const subscriptionOf = ({ id }: Organization) => ({
  statement: 'select from subscriptions where organization_id = $1 for update',
  values: [id],
})
const invitationOf = ({ id }: { id: string }) => ({
  statement: 'select from invitations where id = $1 for update',
  values: [id],
})
const statuses = (answers: { status: number }[]) => answers.map(({ status }) => status).sort()
const usesOf = async ({ id }: { id: string }) =>
  (await world.sql<{ uses: number }>('select uses from invitations where id = $1', [id]))[0]?.uses

it('makes one member of fifteen people who accept an invitation for one at once', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const { token } = await makeInvitation(organization)
  const answers = await whileLocked(world, subscriptionOf(organization), () =>
    people.map((one) => accept(one, token)),
  )
  expect(statuses(answers)).toEqual([200, ...Array(14).fill(409)])
  expect(Object.keys(await membersOf(world, organization))).toHaveLength(2)
})

it('lets fifteen who come at once by a link for several have the last place once', async () => {
  const organization = await world.organization()
  await world.member(organization, 'viewer')
  const link = await makeInvitation(organization, { maxUses: 100 })
  const answers = await whileLocked(world, subscriptionOf(organization), () =>
    people.map((one) => accept(one, link.token)),
  )
  expect(statuses(answers)).toEqual([200, ...Array(14).fill(402)])
  expect(Object.keys(await membersOf(world, organization))).toHaveLength(3)
  expect(await usesOf(link)).toBe(1)
})

it('makes a person a member once who accepts fifteen times at once', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const link = await makeInvitation(organization, { maxUses: 100 })
  const answers = await whileLocked(world, subscriptionOf(organization), () =>
    Array.from({ length: 15 }, () => accept(person, link.token)),
  )
  expect(statuses(answers)).toEqual([200, ...Array(14).fill(409)])
  expect(await usesOf(link)).toBe(1)
  const added = (await world.events(organization.id)).filter(({ type }) => type === 'member.added')
  expect(added).toHaveLength(2)
})

it('makes one account of two that are made for an address at once', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const link = await makeInvitation(organization, { maxUses: 100 })
  const account = { email: 'once@example.com', password: 'a long password of mine' }
  const answers = await whileLocked(world, subscriptionOf(organization), () =>
    [1, 2].map(() => accept(world.anonymous, link.token, account)),
  )
  expect(statuses(answers)).toEqual([201, 409])
  expect(await usesOf(link)).toBe(1)
})

/** The second comes to the lock behind the first. */
const behind = (second: () => Promise<Answer>) => untilWaiting(world, 1).then(second)

it('takes nobody in behind a revocation, and revokes nothing behind who has come in', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const [revoked, accepted] = [await makeInvitation(organization), await makeInvitation(organization)]
  const revoke = ({ path }: { path: string }) => organization.owner.delete(path)
  const first = await whileLocked(world, invitationOf(revoked), () => [
    revoke(revoked),
    behind(() => accept(person, revoked.token)),
  ])
  expect(first.map(({ status }) => status)).toEqual([204, 409])
  const second = await whileLocked(world, invitationOf(accepted), () => [
    accept(another, accepted.token),
    behind(() => revoke(accepted)),
  ])
  expect(second.map(({ status }) => status)).toEqual([200, 409])
  const members = await membersOf(world, organization)
  expect([person.email in members, another.email in members]).toEqual([false, true])
})

it('judges the time when it has what it waited for, since the place may be somebody else’s by then', async () => {
  const organization = await world.organization()
  const [invitation] = [await makeInvitation(organization), await makeInvitation(organization)]
  const renew = () => organization.owner.post(`${invitation.path}/resend`)
  const answers = await whileLocked(world, subscriptionOf(organization), () => [
    accept(person, invitation.token),
    behind(async () => {
      await world.sql('update invitations set expires_at = clock_timestamp() where id = $1', [invitation.id])
      await makePlaceTaken(organization)
      return renew()
    }),
  ])
  expect(answers.map(({ status }) => status)).toEqual([409, 402])
})

/** Somebody else has become a member. */
const makePlaceTaken = ({ id }: Organization) =>
  world.sql(`insert into memberships values ('mem_taken', $1, $2, 'viewer')`, [id, another.id])

it('neither accepts nor declines by a link behind its renewal', async () => {
  const organization = await world.organization({ plan: 'pro' })
  for (const use of [accept, decline]) {
    const invitation = await makeInvitation(organization)
    const answers = await whileLocked(world, invitationOf(invitation), () => [
      organization.owner.post(`${invitation.path}/resend`),
      behind(() => use(person, invitation.token)),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 404])
  }
  const { body } = await organization.owner.get(`${invitationsPath(organization)}?status=pending`)
  expect(body.data).toHaveLength(2)
})

it.each([
  ['is being removed', (owner: Person, path: string) => owner.delete(path)],
  ['is losing the role', (owner: Person, path: string) => owner.patch(path, { role: 'member' })],
] as const)('takes nobody in by the word of a member who %s', async (_what, end) => {
  const organization = await world.organization({ plan: 'pro' })
  const admin = await world.member(organization, 'admin')
  const made = await admin.post(invitationsPath(organization), { role: 'admin' })
  const answers = await whileLocked(world, subscriptionOf(organization), () => [
    end(organization.owner, `/v1/orgs/${organization.id}/members/${admin.id}`),
    behind(() => accept(person, tokenOf(made.body.url))),
  ])
  expect(answers.map(({ status }) => status)).toEqual([expect.any(Number), 409])
  expect(answers[0]?.status).toBeLessThan(300)
  expect(await membersOf(world, organization)).not.toHaveProperty([person.email])
})

it('makes one invitation of fifteen for an address at once', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const body = { role: 'member', email: 'once-invited@example.com' }
  const answers = await whileLocked(world, subscriptionOf(organization), () =>
    Array.from({ length: 15 }, () => organization.owner.post(invitationsPath(organization), body)),
  )
  expect(statuses(answers)).toEqual([201, ...Array(14).fill(409)])
})

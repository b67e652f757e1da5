import { expect, it } from 'vitest'
import { accept, invitationsPath, makeInvitation, membersOf } from '../../support/invitations.ts'
import { whileLocked } from '../../support/while-locked.ts'
import { type Organization, type Person, startWorld } from '../../support/world.ts'

const world = startWorld()
const strangers = async (count: number): Promise<Person[]> =>
  Promise.all(Array.from({ length: count }, async () => (await world.organization()).owner))
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
  const people = await strangers(15)
  const answers = await whileLocked(world, subscriptionOf(organization), () =>
    people.map((person) => accept(person, token)),
  )
  expect(statuses(answers)).toEqual([200, ...Array(14).fill(409)])
  expect(Object.keys(await membersOf(world, organization))).toHaveLength(2)
})

it('lets fifteen who come at once by a link for several have the last place once', async () => {
  const organization = await world.organization()
  await world.member(organization, 'viewer')
  const link = await makeInvitation(organization, { maxUses: 100 })
  const people = await strangers(15)
  const answers = await whileLocked(world, subscriptionOf(organization), () =>
    people.map((person) => accept(person, link.token)),
  )
  expect(statuses(answers)).toEqual([200, ...Array(14).fill(402)])
  expect(Object.keys(await membersOf(world, organization))).toHaveLength(3)
  expect(await usesOf(link)).toBe(1)
})

it('makes a person a member once who accepts fifteen times at once', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const link = await makeInvitation(organization, { maxUses: 100 })
  const [person] = (await strangers(1)) as [Person]
  const answers = await whileLocked(world, subscriptionOf(organization), () =>
    Array.from({ length: 15 }, () => accept(person, link.token)),
  )
  expect(statuses(answers)).toEqual([200, ...Array(14).fill(409)])
  expect(await usesOf(link)).toBe(1)
  const added = (await world.events(organization.id)).filter(({ type }) => type === 'member.added')
  expect(added).toHaveLength(2)
})

it('makes one account of fifteen that are made for an address at once', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const link = await makeInvitation(organization, { maxUses: 100 })
  const account = { email: 'once@example.com', password: 'a long password of mine' }
  const answers = await whileLocked(world, subscriptionOf(organization), () =>
    Array.from({ length: 15 }, () => accept(world.anonymous, link.token, account)),
  )
  expect(statuses(answers)).toEqual([201, ...Array(14).fill(409)])
  expect(await usesOf(link)).toBe(1)
})

it('either takes somebody in or is revoked, whichever of the two is first', async () => {
  const organization = await world.organization()
  const { owner } = organization
  const invitation = await makeInvitation(organization)
  const [person] = (await strangers(1)) as [Person]
  const [accepted, revoked] = await whileLocked(world, invitationOf(invitation), () => [
    accept(person, invitation.token),
    owner.delete(invitation.path),
  ])
  const { body } = await owner.get(invitationsPath(organization))
  const isMember = person.email in (await membersOf(world, organization))
  expect([accepted?.status, revoked?.status, body.data[0].status, isMember]).toEqual(
    accepted?.status === 200 ? [200, 409, 'accepted', true] : [409, 204, 'revoked', false],
  )
})

it('takes nobody in by the word of a member who is being removed', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const admin = await world.member(organization, 'admin')
  const made = await admin.post(invitationsPath(organization), { role: 'admin' })
  const [person] = (await strangers(1)) as [Person]
  const token = made.body.url.split('/').at(-1)
  const [accepted] = await whileLocked(world, subscriptionOf(organization), () => [
    accept(person, token),
    organization.owner.delete(`/v1/orgs/${organization.id}/members/${admin.id}`),
  ])
  const { body } = await organization.owner.get(invitationsPath(organization))
  expect([accepted?.status, body.data[0].status]).toEqual(
    accepted?.status === 200 ? [200, 'accepted'] : [409, 'revoked'],
  )
})

import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { expire, invitationsPath, makeInvitation, tokenOf } from '../../support/invitations.ts'
import { anId, aTime, expectInvalid, expectRefusal } from '../../support/shapes.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()
const pro = () => world.organization({ plan: 'pro' })

it('makes a link for one person and a week, tells it once and keeps the hash of its token', async () => {
  const organization = await pro()
  const { owner } = organization
  const answer = await owner.post(invitationsPath(organization), { role: 'viewer' })
  expect(answer.status).toBe(201)
  expect(answer.headers['cache-control']).toBe('no-store')
  const shown = {
    id: anId('inv'),
    role: 'viewer',
    email: null,
    status: 'pending',
    maxUses: 1,
    uses: 0,
    invitedBy: { id: owner.id, email: owner.email, name: null },
    createdAt: aTime,
    expiresAt: aTime,
  }
  expect(answer.body).toEqual({ invitation: shown, url: expect.any(String) })
  const { invitation, url } = answer.body
  expect(Date.parse(invitation.expiresAt) - Date.parse(invitation.createdAt)).toBe(7 * 86_400_000)
  const token = tokenOf(url)
  expect(url).toMatch(/^http:\/\/accounts\.silver\.test\/invite\/[\w-]{43}$/)
  expect(await world.sql('select token_hash from invitations where id = $1', [invitation.id])).toEqual([
    { token_hash: createHash('sha256').update(token).digest() },
  ])
  const list = await owner.get(invitationsPath(organization))
  expect(list.body.data).toEqual([invitation])
  expect(list.text).not.toContain(token)
})

it('takes an address, days and uses', async () => {
  const organization = await pro()
  const forGrace = await makeInvitation(organization, { email: ' Grace@Example.com', expiresInDays: 30 })
  expect(forGrace.shown).toMatchObject({ email: 'grace@example.com', maxUses: 1 })
  const { createdAt, expiresAt } = forGrace.shown as Record<string, string>
  expect(Date.parse(expiresAt ?? '') - Date.parse(createdAt ?? '')).toBe(30 * 86_400_000)
  expect((await makeInvitation(organization, { maxUses: 20, expiresInDays: 1 })).shown).toMatchObject({
    maxUses: 20,
    email: null,
  })
})

it('records it with the token nowhere', async () => {
  const organization = await pro()
  const { id, token, shown } = await makeInvitation(organization, { email: 'told@example.com' })
  const { invitedBy: _, ...facts } = shown
  expect((await world.events(organization.id)).at(-1)).toMatchObject({
    type: 'invitation.created',
    data: facts,
  })
  const row = (await world.auditLog(organization.id)).at(-1)
  expect(row).toMatchObject({
    action: 'invitation.created',
    actor_id: organization.owner.id,
    target_id: id,
  })
  expect(JSON.stringify([await world.auditLog(organization.id), world.logLines])).not.toContain(token)
})

it.each([
  [{}, 'role'],
  [{ role: 'root' }, 'role'],
  [{ role: 'member', expiresInDays: 0 }, 'expiresInDays'],
  [{ role: 'member', expiresInDays: 31 }, 'expiresInDays'],
  [{ role: 'member', expiresInDays: 1.5 }, 'expiresInDays'],
  [{ role: 'member', expiresInDays: '7' }, 'expiresInDays'],
  [{ role: 'member', maxUses: 0 }, 'maxUses'],
  [{ role: 'member', maxUses: 10_001 }, 'maxUses'],
  [{ role: 'member', email: 'nobody' }, 'email'],
  [{ role: 'member', email: 'a@example.com,b@example.com' }, 'email'],
  [{ role: 'member', email: 'a@example.com', maxUses: 2 }, 'maxUses'],
])('refuses %j', async (body, path) => {
  const organization = await world.organization()
  expectInvalid(await organization.owner.post(invitationsPath(organization), body), path)
})

it('lets an admin invite to every role but owner', async () => {
  const organization = await pro()
  const admin = await world.member(organization, 'admin')
  const invite = (role: string) => admin.post(invitationsPath(organization), { role })
  for (const role of ['admin', 'billing', 'member', 'viewer']) expect((await invite(role)).status).toBe(201)
  expectRefusal(await invite('owner'), 'forbidden')
})

it('asks an owner to confirm who they are before they invite another owner', async () => {
  const organization = await pro()
  const { owner } = organization
  const invite = (role: string) => owner.post(invitationsPath(organization), { role })
  expect((await invite('owner')).status).toBe(201)
  await world.sql(`update sessions set authenticated_at = now() - interval '31 minutes' where user_id = $1`, [
    owner.id,
  ])
  expectRefusal(await invite('owner'), 'reauthentication_required')
  expect((await invite('admin')).status).toBe(201)
})

it('refuses the address of a member, and one that is invited until that is over', async () => {
  const organization = await pro()
  const { owner } = organization
  const invite = (email: string) => owner.post(invitationsPath(organization), { role: 'member', email })
  const details = (message: string) => [{ path: 'email', message }]
  expectRefusal(await invite(owner.email), 'conflict', details('is a member already'))
  const first = await makeInvitation(organization, { email: 'twice@example.com' })
  expectRefusal(await invite('TWICE@example.com'), 'conflict', details('has an invitation already'))
  await expire(world, first)
  expect((await invite('twice@example.com')).status).toBe(201)
  expect((await owner.get(`${invitationsPath(organization)}?status=expired`)).body.data[0].id).toBe(first.id)
})

it('answers a repeated request with the same link, and makes no second', async () => {
  const organization = await pro()
  const invite = () =>
    organization.owner.post(invitationsPath(organization), { role: 'member' }, { 'idempotency-key': 'one' })
  const [first, again] = [await invite(), await invite()]
  expect(again.body).toEqual(first.body)
  expect(again.headers['idempotent-replayed']).toBe('true')
  expect((await organization.owner.get(invitationsPath(organization))).body.data).toHaveLength(1)
})

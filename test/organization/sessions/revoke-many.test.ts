import { beforeAll, expect, it } from 'vitest'
import { newId } from '../../../src/lib/ids.ts'
import { isActive, makeApp, signInTo } from '../../support/app-sign-in.ts'
import { expectInvalid, expectRefusal } from '../../support/shapes.ts'
import { anotherSession, join, newTenant } from '../../support/tenants.ts'
import { whileLocked } from '../../support/while-locked.ts'
import { type Organization, type Person, startWorld } from '../../support/world.ts'

const world = startWorld()
let founder: Person
beforeAll(async () => {
  founder = (await world.organization()).owner
})

const revoke = ({ id, owner }: Organization, body: object, by: Person = owner) =>
  by.post(`/v1/orgs/${id}/sessions/revoke`, body)
const sessionOf = async (person: Person): Promise<string> => (await person.get('/v1/me')).body.session.id
const seen = async (organization: Organization, person: Person): Promise<Person> => {
  expect((await person.get(`/v1/orgs/${organization.id}`)).status).toBe(200)
  return person
}
const again = async (organization: Organization, person: Person) =>
  seen(organization, await anotherSession(world, person))
const status = async (organization: Organization, person: Person) =>
  (await person.get(`/v1/orgs/${organization.id}`)).status

/** An organization with a member who also has another, and two sessions of each. */
async function household() {
  const organization = await newTenant(world, founder)
  const member = (await newTenant(world, founder)).owner
  await join(world, organization, member, 'member')
  await seen(organization, organization.owner)
  return {
    organization,
    member: await seen(organization, member),
    second: await again(organization, member),
    mine: await again(organization, organization.owner),
  }
}

it('ends those with these ids on the very next request, and passes over what is not live here', async () => {
  const { organization, member, second, mine } = await household()
  const stranger = (await newTenant(world, founder)).owner
  const ids = [await sessionOf(member), await sessionOf(mine)]
  const body = { sessionIds: [...ids, ids[0], await sessionOf(stranger), newId('ses')] }
  expect((await revoke(organization, { ...body, dryRun: true })).body).toEqual({ count: 2, hasMore: false })
  expect(await status(organization, member), 'a preview ends nothing').toBe(200)
  const answer = await revoke(organization, body)
  expect([answer.status, answer.body]).toEqual([200, { count: 2, hasMore: false }])
  expect([await status(organization, member), await status(organization, second)]).toEqual([401, 200])
  expect((await member.get('/v1/me')).status, 'it goes on elsewhere').toBe(200)
  expectRefusal(await mine.get('/v1/me'), 'authentication_required')
  expect((await stranger.get('/v1/me')).status).toBe(200)
  expect((await revoke(organization, body)).body, 'a second time').toEqual({ count: 0, hasMore: false })
})

it('ends all that match, those of projects with them, and never the one that asks', async () => {
  const { organization, member, second, mine } = await household()
  const app = await makeApp(world, organization)
  const visit = await signInTo(world, app, second)
  expect((await revoke(organization, { filter: { user: member.id }, dryRun: true })).body.count).toBe(2)
  expect((await revoke(organization, { filter: { user: member.id } })).body).toEqual({
    count: 2,
    hasMore: false,
  })
  expect([await status(organization, member), await status(organization, second)]).toEqual([401, 401])
  expect(await isActive(world, app, visit)).toBe(false)
  expect(await status(organization, mine)).toBe(200)

  const later = await again(organization, member)
  expect((await revoke(organization, { filter: {} })).body).toEqual({ count: 2, hasMore: false })
  expect([await status(organization, later), await status(organization, mine)]).toEqual([401, 401])
  expect(await status(organization, organization.owner)).toBe(200)
  expect((await revoke(organization, { filter: { user: organization.owner.id } })).body.count).toBe(0)
})

it('tells of each, and puts on record what was asked for', async () => {
  const { organization, member } = await household()
  const before = (await world.auditLog(organization.id)).length
  await revoke(organization, { filter: { user: member.id, to: '2100-01-01T00:00:00Z' } })
  const rows = (await world.auditLog(organization.id)).slice(before)
  expect(rows.map(({ action }) => action).sort()).toEqual([
    'organization.sessions_revoked',
    'session.revoked',
    'session.revoked',
  ])
  expect(new Set(rows.map(({ actor_id }) => actor_id))).toEqual(new Set([organization.owner.id]))
  const whole = rows.find(({ action }) => action === 'organization.sessions_revoked')
  expect(JSON.parse(whole?.details ?? '').data).toEqual({
    filter: { user: member.id, to: '2100-01-01T00:00:00.000Z' },
    count: 2,
  })
  const told = (await world.events(organization.id)).filter(({ type }) => type === 'session.revoked')
  expect(told.map(({ data }) => data)).toEqual(
    Array(2).fill({ id: expect.any(String), userId: member.id, reason: 'revoked_by_organization' }),
  )
})

it('ends two hundred at once and says that there are more', async () => {
  const { organization, member } = await household()
  await world.sql(
    `with made as (
       insert into sessions (id, user_id, auth_method, address, expires_at)
       select 'ses_' || lpad(n::text, 26, '0'), $1, 'password', '127.0.0.1', now() + interval '1 day'
       from generate_series(1, 300) n returning id)
     insert into session_organizations (session_id, organization_id, address) select id, $2, '127.0.0.1' from made`,
    [member.id, organization.id],
  )
  const filter = { user: member.id }
  expect((await revoke(organization, { filter, dryRun: true })).body).toEqual({
    count: 302,
    hasMore: false,
  })
  expect((await revoke(organization, { filter })).body).toEqual({ count: 200, hasMore: true })
  expect((await revoke(organization, { filter })).body).toEqual({ count: 102, hasMore: false })
})

it('ends each once when it is asked twice at the same moment', async () => {
  const { organization, member, mine } = await household()
  const lock = {
    statement: 'select from session_organizations where session_id = $1 for update',
    values: [await sessionOf(mine)],
  }
  const answers = await whileLocked(world, lock, () => [
    revoke(organization, { filter: {} }),
    revoke(organization, { filter: {} }),
  ])
  expect(answers.map(({ body }) => body.count).sort()).toEqual([0, 3])
  expect(await status(organization, member)).toBe(401)
  expectRefusal(await mine.get('/v1/me'), 'authentication_required')
})

it('answers the same request with its key once', async () => {
  const { organization, member } = await household()
  const headers = { 'idempotency-key': 'once' }
  const send = () =>
    organization.owner.post(
      `/v1/orgs/${organization.id}/sessions/revoke`,
      { filter: { user: member.id } },
      headers,
    )
  expect((await send()).body.count).toBe(2)
  const replayed = await send()
  expect([replayed.body.count, replayed.headers['idempotent-replayed']]).toEqual([2, 'true'])
})

it('takes ids or a filter, as they are documented', async () => {
  const { organization } = await household()
  expectInvalid(await revoke(organization, {}), 'filter')
  expectInvalid(await revoke(organization, { filter: {}, sessionIds: [newId('ses')] }), 'filter')
  expectInvalid(await revoke(organization, { sessionIds: [] }), 'sessionIds')
  expectInvalid(await revoke(organization, { sessionIds: ['x'] }), 'sessionIds.0')
  expectInvalid(
    await revoke(organization, { sessionIds: Array.from({ length: 101 }, () => newId('ses')) }),
    'sessionIds',
  )
  expect((await revoke(organization, { filter: { everybody: true } })).status).toBe(400)
  expectInvalid(await revoke(organization, { filter: { address: 'x' } }), 'filter.address')
  expect(await status(organization, organization.owner)).toBe(200)
})

it('is for owners and admins', async () => {
  const { organization, member } = await household()
  expectRefusal(await revoke(organization, { filter: {} }, member), 'admin_required')
  expectRefusal(
    await revoke(organization, { filter: {} }, (await newTenant(world, founder)).owner),
    'not_found',
  )
})

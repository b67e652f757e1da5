import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { keepHouse } from '../../../src/housekeeping.ts'
import { isActive, makeApp, refresh, revoke, signInTo } from '../../support/app-sign-in.ts'
import { type Organization, type Person, type Project, startWorld } from '../../support/world.ts'

const world = startWorld()
let organization: Organization
let project: Project

beforeAll(async () => {
  organization = await world.organization({ plan: 'scale' })
  project = await makeApp(world, organization)
})

const stranger = async () => (await world.organization()).owner
const reasons = async (accessToken: string) => {
  const { sid } = decodeJwt(accessToken)
  const events = (await world.events(organization.id)).filter(({ data }) => data.id === sid)
  return events.map(({ type, data }) => (type === 'session.revoked' ? data.reason : type))
}

describe('POST /v1/client/sessions/revoke', () => {
  it('ends this session and nothing else, at once and with a word to the organization', async () => {
    const person = await stranger()
    const one = await signInTo(world, project, person)
    const two = await signInTo(world, project, person)
    const answer = await revoke(world, project, one.sessionToken)
    expect([answer.status, answer.text]).toEqual([204, ''])
    expect(await isActive(world, project, one)).toBe(false)
    expect((await refresh(world, project, one.sessionToken)).status).toBe(401)
    expect((await world.withBearer(one.accessToken).get('/v1/me')).status).toBe(401)
    expect(await isActive(world, project, two)).toBe(true)
    expect((await person.get('/v1/me')).status).toBe(200)
    expect(await reasons(one.accessToken)).toEqual(['session.created', 'signed_out'])
  })

  it('answers 204 to a token of none, a used-up one, and again', async () => {
    const person = await stranger()
    const { sessionToken } = await signInTo(world, project, person)
    for (const token of [sessionToken, sessionToken, 'A'.repeat(43), person.cookie, 'x'])
      expect((await revoke(world, project, token)).status).toBe(204)
    expect((await person.get('/v1/me')).status).toBe(200)
  })

  it('ends no session of another project', async () => {
    const session = await signInTo(world, project, await stranger())
    const other = await makeApp(world, organization)
    expect((await revoke(world, other, session.sessionToken)).status).toBe(204)
    expect(await isActive(world, project, session)).toBe(true)
  })
})

describe('a project session ends with', () => {
  const ways: [string, (person: Person) => Promise<unknown>, string[]][] = [
    ['the sign-in', (person) => person.post('/v1/auth/logout'), ['signed_out']],
    ['every sign-in', (person) => person.delete('/v1/auth/sessions'), ['revoked']],
    [
      'a sign-in that ended without a word to it',
      ({ id }) => world.sql('update sessions set revoked_at = now() where user_id = $1', [id]),
      [],
    ],
    [
      'the expiry of the sign-in',
      ({ id }) => world.sql('update sessions set expires_at = now() where user_id = $1', [id]),
      [],
    ],
    ['the person', ({ id }) => world.sql('update users set disabled_at = now() where id = $1', [id]), []],
    ['the grant', (person) => person.delete(`/v1/me/grants/${project.id}`), ['grant_revoked']],
    [
      'a week without use',
      ({ id }) =>
        world.sql("update project_sessions set last_seen_at = now() - interval '8 days' where user_id = $1", [
          id,
        ]),
      [],
    ],
  ]
  it.each(ways)('%s', async (_what, end, told) => {
    const person = await stranger()
    const session = await signInTo(world, project, person)
    expect(await isActive(world, project, session)).toBe(true)
    await end(person)
    expect(await isActive(world, project, session)).toBe(false)
    expect((await refresh(world, project, session.sessionToken)).status).toBe(401)
    expect((await world.withBearer(session.accessToken).get('/v1/me')).status).toBe(401)
    expect(await reasons(session.accessToken)).toEqual(['session.created', ...told])
  })

  it('the membership that allowed it', async () => {
    const member = await world.member(organization, 'viewer')
    const session = await signInTo(world, project, member)
    await world.sql('delete from memberships where user_id = $1 and organization_id = $2', [
      member.id,
      organization.id,
    ])
    expect(await isActive(world, project, session)).toBe(false)
  })

  it('not the membership, where there is a grant as well', async () => {
    const person = await stranger()
    const session = await signInTo(world, project, person)
    await world.sql("insert into memberships values ('mem_x', $1, $2, 'viewer')", [
      organization.id,
      person.id,
    ])
    await world.sql("delete from memberships where id = 'mem_x'")
    expect(await isActive(world, project, session)).toBe(true)
  })

  it('the project, and does not begin again with it', async () => {
    const off = await makeApp(world, organization)
    const sister = await signInTo(world, project, organization.owner)
    const session = await signInTo(world, off, organization.owner)
    const set = (status: string) =>
      organization.owner.patch(`/v1/orgs/${organization.id}/projects/${off.id}`, { status })
    await set('disabled')
    expect((await world.withBearer(session.accessToken).get('/v1/me')).status).toBe(401)
    await set('active')
    expect(await isActive(world, off, session)).toBe(false)
    expect((await refresh(world, off, session.sessionToken)).status).toBe(401)
    expect(await isActive(world, project, sister)).toBe(true)
  })

  it('the project that is deleted', async () => {
    const gone = await makeApp(world, organization)
    const session = await signInTo(world, gone, organization.owner)
    await organization.owner.delete(`/v1/orgs/${organization.id}/projects/${gone.id}`)
    expect((await world.withBearer(session.accessToken).get('/v1/me')).status).toBe(401)
    expect(await isActive(world, project, session)).toBe(false)
  })

  it('not the idle end of the sign-in, while the app is in use', async () => {
    const person = await stranger()
    const session = await signInTo(world, project, person)
    await world.sql("update sessions set last_seen_at = now() - interval '8 days' where user_id = $1", [
      person.id,
    ])
    expect((await person.get('/v1/me')).status).toBe(401)
    expect(await isActive(world, project, session)).toBe(true)
  })
})

it('is swept a month after its end, and codes after theirs', async () => {
  const person = await stranger()
  const { accessToken } = await signInTo(world, project, person)
  const { accessToken: kept } = await signInTo(world, project, person)
  await world.sql("update project_sessions set revoked_at = now() - interval '31 days' where id = $1", [
    decodeJwt(accessToken).sid,
  ])
  await world.sql("update project_sessions set revoked_at = now() - interval '29 days' where id = $1", [
    decodeJwt(kept).sid,
  ])
  await world.sql(
    `insert into authorization_codes (hash, organization_id, project_id, session_id, redirect_url, code_challenge, address, expires_at)
     select decode(n, 'hex'), $1, $2, id, '', '', '', now() + make_interval(secs => s)
     from sessions, (values ('01', -1), ('02', 60)) as v (n, s) where user_id = $3`,
    [organization.id, project.id, person.id],
  )
  await keepHouse(world.ctx)
  const left = await world.sql<{ id: string }>('select id from project_sessions where user_id = $1', [
    person.id,
  ])
  expect(left.map(({ id }) => id)).toEqual([decodeJwt(kept).sid])
  const codes = await world.sql<{ hash: string }>(
    "select encode(hash, 'hex') as hash from authorization_codes",
  )
  expect(codes.map(({ hash }) => hash)).toEqual(['02'])
})

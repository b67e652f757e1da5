import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { isActive, makeApp, signInTo } from '../support/app-sign-in.ts'
import { anId, aTime, expectRefusal } from '../support/shapes.ts'
import { type Organization, type Project, startWorld } from '../support/world.ts'

const world = startWorld()
let organization: Organization
let project: Project
beforeAll(async () => {
  organization = await world.organization({ plan: 'pro', name: 'Customer' })
  project = await makeApp(world, organization)
})
const newPerson = async () => (await world.organization()).owner

describe('GET /v1/me/project-sessions', () => {
  it('shows where I am signed in with this account, newest first, from every device', async () => {
    const person = await newPerson()
    const other = await world.signIn(person.email)
    const first = await signInTo(world, project, person)
    const second = await signInTo(world, project, other)
    const answer = await person.get('/v1/me/project-sessions')
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({
      data: [second, first].map((session) => ({
        id: decodeJwt(session.accessToken).sid,
        project: { id: project.id, slug: project.slug, name: expect.any(String) },
        organization: { slug: organization.slug, name: 'Customer' },
        address: '127.0.0.1',
        userAgent: null,
        createdAt: aTime,
        lastSeenAt: aTime,
        expiresAt: aTime,
        isOfThisSession: session === first,
      })),
      nextCursor: null,
    })
    expect((await (await newPerson()).get('/v1/me/project-sessions')).body.data).toEqual([])
  })

  it('is paged', async () => {
    const person = await newPerson()
    const ids: unknown[] = []
    for (let i = 0; i < 3; i++)
      ids.unshift(decodeJwt((await signInTo(world, project, person)).accessToken).sid)
    const one = (await person.get('/v1/me/project-sessions?limit=2')).body
    const two = (await person.get(`/v1/me/project-sessions?limit=2&cursor=${one.nextCursor}`)).body
    expect([...one.data, ...two.data].map(({ id }) => id)).toEqual(ids)
    expect(two.nextCursor).toBeNull()
  })
})

describe('DELETE /v1/me/project-sessions/:id', () => {
  it('signs me out of one app, told to its organization alone', async () => {
    const home = await world.organization()
    const person = home.owner
    const one = await signInTo(world, project, person)
    const two = await signInTo(world, project, person)
    const before = await world.auditLog(home.id)
    const { sid } = decodeJwt(one.accessToken)
    expect((await person.delete(`/v1/me/project-sessions/${sid}`)).status).toBe(204)
    expect(await isActive(world, project, one)).toBe(false)
    expect(await isActive(world, project, two)).toBe(true)
    expect(await world.auditLog(home.id)).toEqual(before)
    expect((await world.events(organization.id)).at(-1)).toMatchObject({
      type: 'session.revoked',
      data: { id: sid, userId: person.id, projectId: project.id, reason: 'revoked' },
    })
    expectRefusal(await person.delete(`/v1/me/project-sessions/${sid}`), 'not_found')
  })

  it('ends nobody else’s, and no sign-in', async () => {
    const session = await signInTo(world, project, await newPerson())
    const person = await newPerson()
    const own = (await person.get('/v1/auth/session')).body.user.session_id
    for (const id of [decodeJwt(session.accessToken).sid, own, 'ses_x', 'x'])
      expectRefusal(await person.delete(`/v1/me/project-sessions/${id}`), 'not_found')
    expect(await isActive(world, project, session)).toBe(true)
    expect((await person.get('/v1/me')).status).toBe(200)
  })
})

describe('/v1/me/grants', () => {
  it('shows which apps know me; a member needs no grant', async () => {
    const person = await newPerson()
    await signInTo(world, project, person)
    await signInTo(world, project, organization.owner)
    const answer = await person.get('/v1/me/grants')
    expect(answer.body).toEqual({
      data: [
        {
          project: { id: project.id, slug: project.slug, name: expect.any(String) },
          organization: { slug: organization.slug, name: 'Customer' },
          createdAt: aTime,
        },
      ],
      nextCursor: null,
    })
    expect((await organization.owner.get('/v1/me/grants')).body.data).toEqual([])
  })

  it('is taken back with the sessions of that project, and asked for again next time', async () => {
    const person = await newPerson()
    const other = await makeApp(world, organization)
    const sessions = [await signInTo(world, project, person), await signInTo(world, project, person)]
    const kept = await signInTo(world, other, person)
    expect((await person.delete(`/v1/me/grants/${project.id}`)).status).toBe(204)
    for (const session of sessions) expect(await isActive(world, project, session)).toBe(false)
    expect(await isActive(world, other, kept)).toBe(true)
    expect(
      (await person.get('/v1/me/grants')).body.data.map((grant: { project: unknown }) => grant.project),
    ).toEqual([expect.objectContaining({ id: other.id })])
    expect((await world.auditLog(organization.id)).slice(-3).map(({ action }) => action)).toEqual([
      'auth.app.revoked',
      'session.revoked',
      'session.revoked',
    ])
    expectRefusal(await person.delete(`/v1/me/grants/${project.id}`), 'not_found')
    await signInTo(world, project, person)
    for (const session of sessions)
      expect(await isActive(world, project, session), 'what ended stays ended').toBe(false)
  })

  it('is nobody else’s to take back', async () => {
    const person = await newPerson()
    const session = await signInTo(world, project, person)
    expectRefusal(await organization.owner.delete(`/v1/me/grants/${project.id}`), 'not_found')
    expectRefusal(await person.delete(`/v1/me/grants/${project.slug}`), 'not_found')
    expect(await isActive(world, project, session)).toBe(true)
  })
})

describe('GET /v1/me with a token of a project', () => {
  it('tells a stranger’s project the person, and no organization', async () => {
    const person = await newPerson()
    const { accessToken, user } = await signInTo(world, project, person)
    const answer = await world.withBearer(accessToken).get('/v1/me')
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({
      user,
      organizations: [],
      session: {
        id: anId('ses'),
        createdAt: aTime,
        expiresAt: aTime,
        authMethod: 'password',
        aal: 1,
        mfaVerifiedAt: null,
      },
      platformAdmin: false,
    })
    expect(answer.body.session.id).toBe(decodeJwt(accessToken).sid)
  })

  it('tells a member’s project its own organization, and no other', async () => {
    const member = await world.member(organization, 'billing')
    const { accessToken } = await signInTo(world, project, member)
    const { organizations } = (await world.withBearer(accessToken).get('/v1/me')).body
    expect(organizations).toEqual([
      {
        id: organization.id,
        slug: organization.slug,
        name: 'Customer',
        role: 'billing',
        subscription: { planKey: 'pro', status: 'active' },
      },
    ])
    expect((await member.get('/v1/me')).body.organizations).toHaveLength(2)
  })

  it('takes no project token as a cookie', async () => {
    const { accessToken, sessionToken } = await signInTo(world, project, await newPerson())
    for (const token of [accessToken, sessionToken])
      expectRefusal(await world.withCookie(token).get('/v1/me'), 'authentication_required')
    expectRefusal(await world.withBearer(sessionToken).get('/v1/me'), 'authentication_required')
  })
})

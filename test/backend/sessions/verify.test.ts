import { SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { signToken } from '../../../src/features/sessions/access-tokens.ts'
import {
  type AppSession,
  exchangeFor,
  makeApp,
  refresh,
  revoke,
  signInTo,
  verify,
} from '../../support/app-sign-in.ts'
import { aTime, expectInvalid, expectRefusal } from '../../support/shapes.ts'
import { type Organization, type Person, type Project, startWorld } from '../../support/world.ts'

let now = Date.now()
const world = startWorld({ clock: () => new Date(now) })
const path = '/v1/backend/sessions/verify'
let organization: Organization
let project: Project
let person: Person
let session: AppSession

beforeAll(async () => {
  organization = await world.organization({ plan: 'pro' })
  project = await makeApp(world, organization)
  person = (await world.organization()).owner
  session = await signInTo(world, project, person)
})

const inactive = { active: false }
const shownUser = () => ({
  id: person.id,
  email: person.email,
  emailVerified: false,
  name: null,
  avatarUrl: null,
  createdAt: aTime,
})

describe('POST /v1/backend/sessions/verify', () => {
  it('tells whom a token stands for and when it ends, in both of its forms', async () => {
    const bySession = await verify(world, project, session.sessionToken)
    expect(bySession.status).toBe(200)
    expect(bySession.body).toEqual({ active: true, user: shownUser(), organization: null, expiresAt: aTime })
    const byToken = await verify(world, project, session.accessToken)
    expect(byToken.body).toEqual({ ...bySession.body, expiresAt: aTime })
    expect(Date.parse(byToken.body.expiresAt) - now).toBeLessThanOrEqual(900_000)
    expect(Date.parse(bySession.body.expiresAt) - now).toBeGreaterThan(86_400_000)
  })

  it('tells the role of a member', async () => {
    const member = await world.member(organization, 'billing')
    const { accessToken } = await signInTo(world, project, member)
    expect((await verify(world, project, accessToken)).body.organization).toEqual({
      id: organization.id,
      slug: organization.slug,
      role: 'billing',
    })
  })

  it('takes tokens of every project of the organization, and of no other organization', async () => {
    const sister = await makeApp(world, organization)
    const stranger = await makeApp(world, await world.organization())
    for (const token of [session.accessToken, session.sessionToken]) {
      expect((await verify(world, sister, token)).body.active).toBe(true)
      const answer = await verify(world, stranger, token)
      expect([answer.status, answer.body]).toEqual([200, inactive])
    }
  })

  it('does not end the session of another organization whose old token it is shown', async () => {
    const stranger = await makeApp(world, await world.organization())
    const first = await signInTo(world, project, person)
    const next = (await refresh(world, project, first.sessionToken)).body as AppSession
    await refresh(world, project, next.sessionToken)
    expect((await verify(world, stranger, first.sessionToken)).body).toEqual(inactive)
    expect((await verify(world, project, next.accessToken)).body.active).toBe(true)
  })

  it('sees a revocation at once', async () => {
    const ended = await signInTo(world, project, person)
    expect((await verify(world, project, ended.accessToken)).body.active).toBe(true)
    await revoke(world, project, ended.sessionToken)
    expect((await verify(world, project, ended.accessToken)).body).toEqual(inactive)
    expect((await verify(world, project, ended.sessionToken)).body).toEqual(inactive)
  })

  it('finds an access token over after fifteen minutes', async () => {
    now += 899_000
    expect((await verify(world, project, session.accessToken)).body.active).toBe(true)
    now += 2_000
    // What is kept in memory counts real seconds, and none have passed.
    world.ctx.cache.forgetAll()
    expect((await verify(world, project, session.accessToken)).body).toEqual(inactive)
    expect((await verify(world, project, session.sessionToken)).body.active).toBe(true)
    now = Date.now()
  })

  it('finds everything else not active', async () => {
    const { sid } = JSON.parse(Buffer.from(session.accessToken.split('.')[1] ?? '', 'base64url').toString())
    const signed = (audience: string, claims: Record<string, string>) =>
      signToken(world.ctx, { audience, subject: person.id }, claims)
    const other = await makeApp(world, organization)
    const forged = await new SignJWT({ pid: project.id, sid, org: organization.id })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
      .setAudience(project.id)
      .setExpirationTime('1h')
      .sign(Buffer.alloc(32, 1))
    const none = `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${session.accessToken.split('.')[1]}.`
    const tokens = [
      person.cookie,
      person.accessToken,
      project.publishableKey,
      forged,
      none,
      `${session.accessToken}A`,
      session.accessToken.replace(/\.[^.]*$/, `.${'A'.repeat(86)}`),
      await signed(project.id, { sid }),
      await signed(project.id, { sid, pid: other.id }),
      await signed(other.id, { sid, pid: other.id }),
      await signed(project.id, { pid: project.id, sid: 'ses_x' }),
      await signed('http://accounts.silver.test', { pid: project.id, sid }),
      'A'.repeat(43),
      '..',
      'a.b.c',
      ' ',
    ]
    for (const token of tokens) {
      const answer = await verify(world, project, token)
      expect([token, answer.status, answer.body]).toEqual([token, 200, inactive])
    }
  })

  it('wants one token and a secret key', async () => {
    const { accessToken } = session
    expectInvalid(await world.withBearer(project.secretKey).post(path, {}), 'token')
    expectInvalid(await world.withBearer(project.secretKey).post(path, { token: '' }), 'token')
    const strict = await world.withBearer(project.secretKey).post(path, { token: accessToken, x: 1 })
    expectInvalid(strict, 'x')
    for (const caller of [world.anonymous, person, world.withBearer(accessToken)])
      expectRefusal(await caller.post(path, { token: accessToken }), 'invalid_secret_key')
    expectRefusal(
      await world.withPublishableKey(project.publishableKey).post(path, { token: accessToken }),
      'invalid_secret_key',
    )
  })
})

describe('POST /v1/backend/sessions/exchange', () => {
  const exchange = (key: string, body: unknown) =>
    world.withBearer(key).post('/v1/backend/sessions/exchange', body)

  it('is the exchange for back ends: same body, same answer, named by its key', async () => {
    const answer = await exchange(project.secretKey, await exchangeFor(person, project))
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ expiresIn: 900, user: shownUser(), organization: null })
    expect((await verify(world, project, answer.body.accessToken)).body.active).toBe(true)
    expect((await world.auditLog(organization.id)).at(-1)).toMatchObject({
      action: 'session.created',
      actor_kind: 'backend',
      actor_id: expect.stringMatching(/^key_/),
    })
  })

  it('spends no code of another project', async () => {
    const body = await exchangeFor(person, project)
    const sister = await makeApp(world, organization)
    expectInvalid(await exchange(sister.secretKey, body), 'code')
    expect((await exchange(project.secretKey, body)).status).toBe(200)
  })

  it('keeps the browser of the person, not the back end, as the device', async () => {
    const browser = { ...person, get: (path: string) => person.get(path, { 'user-agent': 'Browser/1' }) }
    const body = await exchangeFor(browser, project)
    await world
      .withBearer(project.secretKey)
      .post('/v1/backend/sessions/exchange', body, { 'user-agent': 'Backend/1' })
    const [latest] = (await person.get('/v1/me/project-sessions')).body.data
    expect(latest.userAgent).toBe('Browser/1')
  })
})

import { decodeJwt, decodeProtectedHeader } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { randomToken } from '../../../src/lib/secrets.ts'
import {
  appOrigin,
  arrival,
  callback,
  departure,
  exchange,
  exchangeFor,
  goOn,
  makeApp,
  signInTo,
} from '../../support/app-sign-in.ts'
import { anId, aTime, expectInvalid, expectRefusal, indistinct } from '../../support/shapes.ts'
import { whileLocked } from '../../support/while-locked.ts'
import { type Organization, type Project, startWorld } from '../../support/world.ts'

const world = startWorld()
let organization: Organization
let project: Project
const path = '/v1/client/sessions/exchange'

beforeAll(async () => {
  organization = await world.organization({ plan: 'pro' })
  project = await makeApp(world, organization)
})

const codes = async () => (await world.sql('select hash from authorization_codes')).length

describe('a member of the project’s organization', () => {
  it('gets tokens of the project, and is told with their role', async () => {
    const { owner } = organization
    const answer = await exchange(world, project, await exchangeFor(owner, project))
    expect(answer.status).toBe(200)
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.headers['set-cookie']).toBeUndefined()
    expect(answer.body).toEqual({
      sessionToken: expect.stringMatching(/^[\w-]{43}$/),
      accessToken: expect.any(String),
      expiresIn: 900,
      user: {
        id: owner.id,
        email: owner.email,
        emailVerified: false,
        name: null,
        avatarUrl: null,
        createdAt: aTime,
      },
      organization: { id: organization.id, slug: organization.slug, role: 'owner' },
    })
    const claims = decodeJwt(answer.body.accessToken)
    expect(claims).toEqual({
      iss: 'http://accounts.silver.test',
      aud: project.id,
      pid: project.id,
      sid: anId('ses'),
      org: organization.id,
      sub: owner.id,
      email: owner.email,
      iat: expect.any(Number),
      exp: (claims.iat ?? 0) + 900,
    })
    expect(decodeProtectedHeader(answer.body.accessToken)).toMatchObject({ alg: 'EdDSA', typ: 'at+jwt' })
  })

  it('is heard of by the organization, as a session of the project and by the browser that signed in', async () => {
    const { owner } = organization
    await signInTo(world, project, owner)
    const event = (await world.events(organization.id)).at(-1)
    expect(event).toMatchObject({
      type: 'session.created',
      data: { id: anId('ses'), userId: owner.id, projectId: project.id },
    })
    const row = (await world.auditLog(organization.id)).at(-1)
    expect(row).toMatchObject({ actor_kind: 'client', actor_id: project.id, target_id: event?.data.id })
  })
})

describe('a stranger', () => {
  it('is no member: the organization is null, and no other organization hears of it', async () => {
    const home = await world.organization()
    const before = await world.auditLog(home.id)
    const { user, organization: shown, accessToken } = await signInTo(world, project, home.owner)
    expect(shown).toBeNull()
    expect(decodeJwt(accessToken).org).toBe(organization.id)
    expect(user.id).toBe(home.owner.id)
    expect(await world.auditLog(home.id)).toEqual(before)
    expect((await world.auditLog(organization.id)).slice(-2).map(({ action }) => action)).toEqual([
      'auth.app.granted',
      'session.created',
    ])
  })
})

describe('a code', () => {
  it('is stored hashed', async () => {
    const { code } = await exchangeFor(organization.owner, project)
    const rows = await world.sql<{ row: string }>('select c::text as row from authorization_codes c')
    for (const { row } of rows) {
      expect(row).not.toContain(code)
      expect(row).not.toContain(Buffer.from(code, 'base64url').toString('hex'))
    }
  })

  it('works once', async () => {
    const body = await exchangeFor(organization.owner, project)
    expect((await exchange(world, project, body)).status).toBe(200)
    expectInvalid(await exchange(world, project, body), 'code')
  })

  it('works once for fifteen who show it together', async () => {
    const body = await exchangeFor(organization.owner, project)
    const lock = { statement: 'select from authorization_codes for update', values: [] }
    const answers = await whileLocked(world, lock, () =>
      Array.from({ length: 15 }, () => exchange(world, project, body)),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(14).fill(400)])
  })

  it('works for sixty seconds', async () => {
    const body = await exchangeFor(organization.owner, project)
    const age = (seconds: number) =>
      world.sql('update authorization_codes set expires_at = expires_at - make_interval(secs => $1)', [
        seconds,
      ])
    await age(55)
    expect((await exchange(world, project, body)).status).toBe(200)
    const late = await exchangeFor(organization.owner, project)
    await age(60)
    expectInvalid(await exchange(world, project, late), 'code')
  })

  it('is not another project’s to spend, of this organization or of another', async () => {
    const body = await exchangeFor(organization.owner, project)
    const sister = await makeApp(world, organization)
    const other = await makeApp(world, await world.organization())
    for (const wrong of [sister, other]) expectInvalid(await exchange(world, wrong, body), 'code')
    expect((await exchange(world, project, body)).status).toBe(200)
  })

  it.each([
    ['another verifier', { codeVerifier: randomToken() }],
    ['another URL', { redirectUrl: 'https://app.customer.test/other' }],
    ['nearly its URL', { redirectUrl: `${callback}/` }],
    ['its URL in capitals', { redirectUrl: callback.toUpperCase() }],
  ])('is spent by %s', async (_what, wrong) => {
    const body = await exchangeFor(organization.owner, project)
    const refusal = await exchange(world, project, { ...body, ...wrong })
    expectInvalid(refusal, 'code')
    expectInvalid(await exchange(world, project, body), 'code')
    const unknown = await exchange(world, project, { ...body, code: randomToken() })
    expect(indistinct(refusal)).toEqual(indistinct(unknown))
  })

  it.each([
    ['the challenge itself as verifier', (body: { codeVerifier: string }) => ({ ...body, codeVerifier: '' })],
    ['a short verifier', (body: object) => ({ ...body, codeVerifier: 'a'.repeat(42) })],
    ['a long verifier', (body: object) => ({ ...body, codeVerifier: 'a'.repeat(129) })],
    ['no verifier', ({ codeVerifier: _, ...body }: { codeVerifier: string }) => body],
    ['a number', (body: object) => ({ ...body, code: 5 })],
    ['a field of its own', (body: object) => ({ ...body, state: 'x' })],
  ])('is not asked for by %s', async (_what, wrong) => {
    const body = await exchangeFor(organization.owner, project)
    expect((await exchange(world, project, wrong(body))).body.error.code).toBe('invalid_input')
    expect((await exchange(world, project, body)).status, 'and is not spent').toBe(200)
  })

  it.each([
    [
      'the sign-in ended',
      (session: string) => ['update sessions set revoked_at = now() where id = $1', session],
    ],
    [
      'the sign-in expired',
      (session: string) => ['update sessions set expires_at = now() where id = $1', session],
    ],
    [
      'the person was disabled',
      (session: string) => [
        'update users set disabled_at = now() where id = (select user_id from sessions where id = $1)',
        session,
      ],
    ],
    [
      'the grant was taken back',
      (session: string) => [
        'delete from app_grants where user_id = (select user_id from sessions where id = $1)',
        session,
      ],
    ],
    [
      'the organization ended the session for itself',
      (session: string) => [
        `insert into session_organizations (session_id, organization_id, address, revoked_at)
         select $1, id, '', now() from organizations`,
        session,
      ],
    ],
  ])('is worth nothing when, in the meantime, %s', async (_what, ending) => {
    const { owner } = await world.organization()
    const body = await exchangeFor(owner, project)
    const session = (await owner.get('/v1/auth/session')).body.user.session_id
    const [statement = '', value] = ending(session)
    await world.sql(statement, [value])
    expectInvalid(await exchange(world, project, body), 'code')
    const begun = await world.sql('select id from project_sessions where user_id = $1', [owner.id])
    expect(begun, 'nothing has begun that could come alive again').toEqual([])
  })

  it('waits for who takes the grant back at the same moment, and is then worth nothing', async () => {
    const { owner } = await world.organization()
    const body = await exchangeFor(owner, project)
    const lock = { statement: 'delete from app_grants where user_id = $1', values: [owner.id] }
    const [answer] = await whileLocked(world, lock, () => [exchange(world, project, body)])
    expect(answer?.status).toBe(400)
  })

  it('is worth nothing at a project that is switched off', async () => {
    const off = await makeApp(world, organization)
    const body = await exchangeFor(organization.owner, off)
    await organization.owner.patch(`/v1/orgs/${organization.id}/projects/${off.id}`, { status: 'disabled' })
    expectRefusal(await exchange(world, off, body), 'application_disabled')
  })
})

it('wants a publishable key, and only that', async () => {
  const before = await codes()
  const body = await exchangeFor(organization.owner, project)
  expectRefusal(await world.anonymous.post(path, body), 'invalid_publishable_key')
  expectRefusal(await world.withBearer(project.secretKey).post(path, body), 'invalid_publishable_key')
  expectRefusal(await organization.owner.post(path, body), 'invalid_publishable_key')
  expect(await codes()).toBe(before + 1)
})

it('may be asked for from the project’s origin, by a preflight with JSON, and answers to it alone', async () => {
  const ask = (origin: string) =>
    world.anonymous.call({
      method: 'OPTIONS',
      path,
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,x-seqn-publishable-key',
      },
    })
  const allowed = await ask(appOrigin)
  expect(allowed.status).toBe(204)
  expect(allowed.headers).toMatchObject({
    'access-control-allow-origin': appOrigin,
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': expect.stringContaining('Content-Type'),
  })
  expect((await ask('https://evil.example')).headers).not.toHaveProperty('access-control-allow-origin')

  const body = await exchangeFor(organization.owner, project)
  const send = (origin: string) =>
    world.anonymous.post(path, body, { origin, 'x-seqn-publishable-key': project.publishableKey })
  const answer = await send(appOrigin)
  expect(answer.status).toBe(200)
  expect(answer.headers).toMatchObject({ 'access-control-allow-origin': appOrigin, vary: 'Origin' })
  expect(answer.headers).not.toHaveProperty('access-control-allow-credentials')
  expect((await send('https://evil.example')).headers).not.toHaveProperty('access-control-allow-origin')
})

it('takes what came with the redirect as it came', async () => {
  const state = 'a b&c=d#e/ü'.replace('ü', '%C3')
  const left = departure(project, { state })
  const back = arrival(await goOn(organization.owner, left))
  expect(back).toMatchObject({ state, url: callback })
})

import { decodeJwt } from 'jose'
import { beforeAll, expect, it } from 'vitest'
import { isActive, makeApp, refresh, signInTo, verify } from '../../support/app-sign-in.ts'
import { expectRefusal } from '../../support/shapes.ts'
import { whileLocked } from '../../support/while-locked.ts'
import { type Organization, type Person, type Project, startWorld } from '../../support/world.ts'

const world = startWorld()
let organization: Organization
let project: Project
let person: Person
const path = '/v1/client/sessions/refresh'

beforeAll(async () => {
  organization = await world.organization({ plan: 'pro' })
  project = await makeApp(world, organization)
  person = (await world.organization()).owner
})

const signIn = () => signInTo(world, project, person)
async function refreshed(sessionToken: string) {
  const answer = await refresh(world, project, sessionToken)
  expect(answer.status).toBe(200)
  return answer.body as Awaited<ReturnType<typeof signIn>>
}
const works = async (sessionToken: string) => (await refresh(world, project, sessionToken)).status === 200
const age = (accessToken: string, seconds: number) =>
  world.sql(
    `update project_session_tokens set issued_at = issued_at - make_interval(secs => $2),
       superseded_at = superseded_at - make_interval(secs => $2) where project_session_id = $1`,
    [decodeJwt(accessToken).sid, seconds],
  )

it('gives new tokens of the same session, in the shape of the exchange', async () => {
  const first = await signIn()
  const next = await refreshed(first.sessionToken)
  expect(next).toEqual({ ...first, sessionToken: expect.any(String), accessToken: expect.any(String) })
  expect(next.sessionToken).not.toBe(first.sessionToken)
  expect(decodeJwt(next.accessToken).sid).toBe(decodeJwt(first.accessToken).sid)
  expect(await isActive(world, project, next)).toBe(true)
})

it('signs nobody out whose answer was lost', async () => {
  const first = await signIn()
  await refreshed(first.sessionToken)
  await refreshed(first.sessionToken)
  const third = await refreshed(first.sessionToken)
  expect(await works((await refreshed(third.sessionToken)).sessionToken)).toBe(true)
})

it('signs nobody out who refreshes fifty times at once', async () => {
  const { sessionToken } = await signIn()
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(world, project, sessionToken)))
  expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
  const tokens = answers.map(({ body }) => body.sessionToken as string)
  expect(new Set(tokens).size).toBe(50)
  for (const token of tokens) expect((await verify(world, project, token)).body.active).toBe(true)
})

it('gives each of two refreshes that meet in the database a good token', async () => {
  const { sessionToken, accessToken } = await signIn()
  const lock = {
    statement: 'select from project_sessions where id = $1 for update',
    values: [decodeJwt(accessToken).sid],
  }
  const answers = await whileLocked(world, lock, () => [
    refresh(world, project, sessionToken),
    refresh(world, project, sessionToken),
  ])
  for (const { body } of answers)
    expect((await verify(world, project, body.sessionToken)).body.active).toBe(true)
})

it('lets the old token live until the new one is first used', async () => {
  const first = await signIn()
  const next = await refreshed(first.sessionToken)
  expect((await verify(world, project, first.sessionToken)).body.active).toBe(true)
  expect((await verify(world, project, next.sessionToken)).body.active).toBe(true)
  expect((await verify(world, project, first.sessionToken)).body).toEqual({ active: false })
})

it('ends the session when an old token comes back after the new one was used, and says so once', async () => {
  const first = await signIn()
  const next = await refreshed(first.sessionToken)
  await refreshed(next.sessionToken)
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => refresh(world, project, first.sessionToken)),
  )
  for (const answer of answers) expectRefusal(answer, 'authentication_required')
  expect(await isActive(world, project, next)).toBe(false)
  expect(await works(next.sessionToken)).toBe(false)
  const { sid } = decodeJwt(first.accessToken)
  const rows = (await world.auditLog(organization.id)).filter(({ target_id }) => target_id === sid)
  expect(rows.map(({ action }) => action)).toEqual([
    'session.created',
    'session.revoked',
    'auth.session_token.reused',
  ])
  expect((await world.events(organization.id)).at(-1)).toMatchObject({
    type: 'session.revoked',
    data: { id: sid, userId: person.id, projectId: project.id, reason: 'token_reused' },
  })
  expect((await person.get('/v1/me')).status, 'the sign-in itself goes on').toBe(200)
})

it('lets the old token live for 60 s, even if the new one was never used', async () => {
  const { sessionToken, accessToken } = await signIn()
  await refreshed(sessionToken)
  await age(accessToken, 58)
  expect(await works(sessionToken)).toBe(true)
  await age(accessToken, 61)
  expect(await works(sessionToken)).toBe(false)
})

it('lets no other project refresh a session, nor learn of it or end it', async () => {
  const session = await signIn()
  const next = await refreshed(session.sessionToken)
  await refreshed(next.sessionToken)
  const sister = await makeApp(world, organization)
  const other = await makeApp(world, await world.organization())
  for (const wrong of [sister, other]) {
    for (const token of [next.sessionToken, session.sessionToken])
      expectRefusal(await refresh(world, wrong, token), 'authentication_required')
  }
  expect(await isActive(world, project, next), 'also a token that was used up ends nothing there').toBe(true)
})

it.each(['', 'x', 'A'.repeat(43), 'A'.repeat(2048), '\u0000'])('refuses %j', async (token) => {
  const answer = await refresh(world, project, token)
  expect([400, 401]).toContain(answer.status)
})

it('takes no cookie of ours, no access token, and no session token of ours', async () => {
  const { accessToken } = await signIn()
  for (const token of [person.cookie, person.accessToken, accessToken])
    expectRefusal(await refresh(world, project, token), 'authentication_required')
  const headers = { 'x-seqn-publishable-key': project.publishableKey }
  expectRefusal(await person.post(path, { sessionToken: 'A'.repeat(43) }, headers), 'authentication_required')
})

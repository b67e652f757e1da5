import { decodeJwt } from 'jose'
import { expect } from 'vitest'
import { signToken } from '../../../src/features/sessions/access-tokens.ts'
import type { World } from '../../support/world.ts'
import type { Visitor } from '../visitor.ts'
import { type AppProject, accountsHost, appHost, type Traffic } from './harness.ts'

/** What an app holds of a signed-in person. */
export type AppTokens = { sessionToken: string; accessToken: string }

/** The same token as the service signed it an hour ago: real, and over. */
export function expired({ ctx }: World, accessToken: string): Promise<string> {
  const { sub = '', aud = '', iss: _iss, iat: _iat, exp: _exp, ...claims } = decodeJwt(accessToken)
  const clock = () => new Date(Date.now() - 3_600_000)
  return signToken({ ...ctx, clock }, { subject: sub, audience: String(aud) }, claims)
}

/** How often the one session of a project has got tokens: once at its exchange, and once per refresh. */
export async function countTokens({ sql }: World, { id }: AppProject): Promise<number> {
  const [row] = await sql<{ count: string }>(
    `select count(*) from project_session_tokens
     where project_session_id = (select id from project_sessions where project_id = $1 order by id desc limit 1)`,
    [id],
  )
  return Number(row?.count)
}

/** Neither site keeps what belongs to the other, and no address ever held a token. */
export async function expectTokensApart(visitor: Visitor, traffic: Traffic, tokens: AppTokens) {
  const { cookies, origins } = await visitor.context.storageState()
  const ofService = cookies.find(({ name }) => name === '__Host-seqn_session')
  const manners = { domain: accountsHost, path: '/', httpOnly: true, secure: true, sameSite: 'Lax' }
  expect(ofService).toMatchObject(manners)
  const ofApp = [tokens.sessionToken, tokens.accessToken]
  // An app may wrap its tokens in base64, so what each cookie holds is read both ways.
  const kept = (host: string) => [
    ...cookies
      .filter(({ domain }) => domain === host)
      .flatMap(({ value }) => [value, Buffer.from(value, 'base64url').toString()]),
    ...origins
      .filter(({ origin }) => new URL(origin).hostname === host)
      .flatMap(({ localStorage }) => localStorage.map(({ value }) => value)),
  ]
  const isKept = (host: string, token: string) => kept(host).some((text) => text.includes(token))
  expect(ofApp.map((token) => isKept(appHost, token))).toEqual([true, true])
  expect(ofApp.map((token) => isKept(accountsHost, token))).toEqual([false, false])
  expect(isKept(appHost, ofService?.value ?? '')).toBe(false)
  expect(await visitor.page.evaluate(() => Object.keys(sessionStorage))).toEqual([])
  for (const token of [...ofApp, ofService?.value ?? ''])
    expect(traffic.urls.filter((url) => decodeURIComponent(url).includes(token))).toEqual([])
  expect(traffic.urls.filter((url) => /eyJ[\w-]+\./.test(url))).toEqual([])
}

/** What the app's tokens are good for while the person is signed in, and nothing more. */
export async function expectTokensConfined(
  world: World,
  project: AppProject,
  strangers: AppProject[],
  { accessToken, sessionToken }: AppTokens,
) {
  const bearer = world.withBearer(accessToken)
  expect((await bearer.get('/v1/me')).status).toBe(200)
  expect((await verify(world, project, accessToken)).body.active).toBe(true)
  for (const path of ['/v1/users/me', '/v1/orgs', '/v1/auth/session', '/v1/me/project-sessions'])
    expect([path, (await bearer.get(path)).status]).toEqual([path, 401])
  for (const token of [accessToken, sessionToken]) {
    const cookie = world.caller({ cookie: `__Host-seqn_session=${token}` })
    expect((await cookie.get('/v1/me')).status).toBe(401)
  }
  for (const stranger of strangers) {
    const client = world.withPublishableKey(stranger.publishableKey)
    expect((await client.post('/v1/client/sessions/refresh', { sessionToken })).status).toBe(401)
    await client.post('/v1/client/sessions/revoke', { sessionToken })
  }
  expect((await verify(world, project, sessionToken)).body.active, 'a stranger ended nothing').toBe(true)
}

/** After the end of a session nothing takes its tokens any more. */
export async function expectTokensRefused(world: World, project: AppProject, tokens: AppTokens) {
  const { accessToken, sessionToken } = tokens
  expect((await world.withBearer(accessToken).get('/v1/me')).status).toBe(401)
  const client = world.withPublishableKey(project.publishableKey)
  expect((await client.post('/v1/client/sessions/refresh', { sessionToken })).status).toBe(401)
  for (const token of [accessToken, sessionToken])
    expect((await verify(world, project, token)).body).toEqual({ active: false })
}

export const verify = (world: World, project: AppProject, token: string) =>
  world.withBearer(project.secretKey).post('/v1/backend/sessions/verify', { token })

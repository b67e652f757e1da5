import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createSeqnAuthClient,
  loadPublicConfig,
  memoryStorage,
  SeqnAuthError,
  verifyAccessToken,
  verifyBackendKeyHealth,
} from '../../packages/seqn-auth-js/src/index.ts'
import { callback, continuePath, makeApp, signInTo } from '../support/app-sign-in.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { type Project, startWorld } from '../support/world.ts'

// The bucket of a route is per key, so each project has its own.
const world = startWorld({
  environment: { RATE_LIMIT_ROUTES: '*=1000000,/v1/client/config=3,/v1/backend/application=3' },
})
const issuer = 'http://accounts.silver.test'
let project: Project
let proxy: Awaited<ReturnType<typeof startFaultProxy>>

beforeAll(async () => {
  project = await makeApp(world, await world.organization({ plan: 'pro' }))
  proxy = await startFaultProxy(`http://127.0.0.1:${world.port}`)
})
afterAll(() => proxy?.stop())

const optionsOf = ({ publishableKey, secretKey }: Project) => ({
  baseUrl: `http://127.0.0.1:${world.port}`,
  publishableKey,
  secretKey,
})

async function thrownBy(work: Promise<unknown>): Promise<SeqnAuthError> {
  const error = await work.then(
    () => undefined,
    (thrown) => thrown,
  )
  expect(error).toBeInstanceOf(SeqnAuthError)
  return error
}

it('loads the config and confirms the key of a project', async () => {
  const own = await makeApp(world, project.organization)
  const config = await loadPublicConfig(optionsOf(own))
  expect(config.application).toMatchObject({
    id: own.id,
    publishableKey: own.publishableKey,
    status: 'active',
  })
  expect(config.organization.slug).toBe(own.organization.slug)
  expect(config.auth.signInUrl).toBe(`${issuer}/sign-in`)
  const health = await verifyBackendKeyHealth(optionsOf(own))
  expect(health).toMatchObject({ ok: true, application: { id: own.id, status: 'active' } })
  expect(own.secretKey.startsWith(health.application.secretKeyPrefix)).toBe(true)
})

describe('access tokens', () => {
  it('are verified with the keys of the service, for their own project only', async () => {
    const person = (await world.organization()).owner
    const { accessToken } = await signInTo(world, project, person)
    const options = { ...optionsOf(project), issuer }
    const claims = await verifyAccessToken(accessToken, options)
    expect(claims).toMatchObject({ sub: person.id, aud: project.id, email: person.email, iss: issuer })
    expect(await verifyAccessToken(accessToken, { ...options, audience: project.id })).toEqual(claims)
    const other = await makeApp(world, project.organization)
    for (const wrong of [
      { ...options, audience: other.id },
      { ...optionsOf(other), issuer },
      optionsOf(project),
    ])
      expect((await thrownBy(verifyAccessToken(accessToken, wrong))).code).toBe('invalid_access_token')
    const edited = accessToken.replace(/\.([\w-]+)\./, (_, body: string) => `.${body.slice(0, -4)}AAAA.`)
    for (const token of [edited, person.accessToken, `${accessToken}A`.replace(/\.[^.]+$/, '.')])
      expect((await thrownBy(verifyAccessToken(token, options))).code).toBe('invalid_access_token')
  })
})

it('signs in, finds the person, refreshes and signs out', async () => {
  const { publishableKey } = project
  const { owner } = project.organization
  const client = createSeqnAuthClient({
    baseUrl: proxy.url,
    publishableKey,
    storage: memoryStorage(),
    signInStorage: memoryStorage(),
  })
  const start = new URL(await client.signIn.start({ redirectUrl: callback }))
  expect(start.origin + start.pathname).toBe(`${new URL(proxy.url).origin}/sign-in`)
  // A member is not asked, so following the link is all that the browser does.
  const back = (await owner.get(`${continuePath}${start.search}`)).headers
  const session = await client.signIn.finish(back.location)
  expect(session).toMatchObject({
    user: { id: owner.id },
    organization: { id: project.organization.id, role: 'owner' },
  })
  expect((await client.getMe())?.user.id).toBe(owner.id)
  expect((await thrownBy(client.signIn.finish(back.location))).code).toBe('invalid_state')

  proxy.loseAnswerTo('POST /v1/client/sessions/refresh')
  const renewed = await client.session.refresh()
  expect(renewed?.sessionToken).not.toBe(session?.sessionToken)
  expect((await client.getMe())?.user.id).toBe(owner.id)
  await client.session.end()
  expect(await client.getMe()).toBeNull()
  const bearer = world.withBearer(renewed?.accessToken ?? '')
  expect((await bearer.get('/v1/me')).status).toBe(401)
})

describe('errors of the service', () => {
  it('are 401 and 404 for keys that nobody has', async () => {
    const gone = await makeApp(world, project.organization)
    const { owner, id } = gone.organization
    expect((await owner.delete(`/v1/orgs/${id}/projects/${gone.slug}`)).status).toBe(204)
    expect(await thrownBy(verifyBackendKeyHealth(optionsOf(gone)))).toMatchObject({
      code: 'seqn_auth_http_error',
      status: 401,
      apiCode: 'invalid_secret_key',
      requestId: expect.stringMatching(/./),
    })
    expect(await thrownBy(loadPublicConfig(optionsOf(gone)))).toMatchObject({
      code: 'seqn_auth_http_error',
      status: 404,
      apiCode: 'application_not_found',
    })
  })

  it('are 409 for a disabled project', async () => {
    const disabled = await makeApp(world, project.organization)
    const { owner, id } = disabled.organization
    await owner.patch(`/v1/orgs/${id}/projects/${disabled.slug}`, { status: 'disabled' })
    for (const work of [loadPublicConfig, verifyBackendKeyHealth])
      expect(await thrownBy(work(optionsOf(disabled)))).toMatchObject({
        code: 'seqn_auth_http_error',
        status: 409,
        apiCode: 'application_disabled',
      })
  })

  it('are 429 with the time to wait', async () => {
    const busy = await makeApp(world, project.organization)
    for (const work of [loadPublicConfig, verifyBackendKeyHealth]) {
      for (let count = 0; count < 3; count++) await work(optionsOf(busy))
      const error = await thrownBy(work(optionsOf(busy)))
      expect(error).toMatchObject({
        code: 'seqn_auth_http_error',
        status: 429,
        apiCode: 'rate_limited',
      })
      expect(error.retryAfter).toBeGreaterThanOrEqual(1)
      expect(error.retryAfter).toBeLessThanOrEqual(60)
    }
  })
})

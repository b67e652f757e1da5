import cookie from '@fastify/cookie'
import type { RouteOptions } from 'fastify'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { buildApp } from '../../src/app.ts'
import { AppError } from '../../src/errors.ts'
import { authenticateAnyone } from '../../src/features/sessions/authenticate.ts'
import { beginAnswerHeaders } from '../../src/http/answer-headers.ts'
import { type Audience, mountAudience } from '../../src/http/audiences.ts'
import { handleError } from '../../src/http/error-handler.ts'
import { noteFacts } from '../../src/http/request.ts'
import { type App, makeServer } from '../../src/http/server.ts'
import { setSessionCookie } from '../../src/http/session-cookie.ts'
import { loadPages } from '../../src/pages/plugin.ts'
import { audiences } from '../../src/routes.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()

async function mountedRoutes(): Promise<RouteOptions[]> {
  const app = makeServer(world.ctx)
  const routes: RouteOptions[] = []
  app.addHook('onRoute', (route) => void routes.push(route))
  for (const audience of audiences(loadPages())) mountAudience(app, world.ctx, audience)
  await app.ready()
  return routes
}

describe('every route', () => {
  it('says what leaves it', async () => {
    const routes = await mountedRoutes()
    expect(routes.length).toBeGreaterThan(40)
    const silent = routes.filter(({ schema }) => Object.keys(schema?.response ?? {}).length === 0)
    expect(silent.map(({ method, url }) => `${method} ${url}`)).toEqual([])
  })

  it('has an audience', async () => {
    const lost = (await mountedRoutes()).filter(({ config }) => !config?.audience)
    expect(lost.map(({ url }) => url)).toEqual([])
  })

  it('of a member names the permission that it needs', async () => {
    const ofOrganizations = (await mountedRoutes()).filter(
      ({ url, method }) => url.startsWith('/v1/orgs/:org') && method !== 'HEAD',
    )
    expect(ofOrganizations.length).toBeGreaterThan(8)
    for (const { url, method, config } of ofOrganizations)
      expect(config?.permission, `${method} ${url}`).toBeTruthy()
  })
})

/** A service with one route of ours in it. */
async function serviceWith(routes: (app: App) => void): Promise<App> {
  const app = makeServer(world.ctx)
  await app.register(cookie, { hook: false })
  app.setErrorHandler(handleError(world.ctx))
  app.addHook('onRequest', async (request) => {
    noteFacts(request)
    beginAnswerHeaders(world.ctx.config)(request)
  })
  const audience: Audience = { name: 'test', authenticate: authenticateAnyone, routes: [routes], errors: [] }
  mountAudience(app, world.ctx, audience)
  await app.ready()
  return app
}

describe('what leaves', () => {
  const Shown = z.object({ name: z.string(), inner: z.object({ shown: z.int() }) })
  const row = { name: 'A', password_hash: 'hidden', inner: { shown: 1, hidden: 2 } }

  it('is what the schema names, at every depth', async () => {
    const app = await serviceWith((scope) => {
      scope.get('/a', { schema: { response: { 200: Shown } } }, async () => row)
    })
    expect((await app.inject('/a')).json()).toEqual({ name: 'A', inner: { shown: 1 } })
    await app.close()
  })

  it('is nothing when there is no schema for its status, or it does not fit', async () => {
    const app = await serviceWith((scope) => {
      scope.get('/none', {}, async () => row)
      scope.get('/other', { schema: { response: { 200: Shown } } }, async (_request, reply) =>
        reply.code(201 as 200).send(row),
      )
      scope.get(
        '/wrong',
        { schema: { response: { 200: Shown } } },
        async () => ({ ...row, name: 1 }) as never,
      )
    })
    for (const path of ['/none', '/other', '/wrong']) {
      const answer = await app.inject(path)
      expect([answer.statusCode, answer.json().error.code], path).toEqual([500, 'internal_error'])
      expect(answer.body).not.toContain('hidden')
    }
    await app.close()
    world.logLines.length = 0
  })

  it('has the session cookie that was set before something went wrong', async () => {
    const app = await serviceWith((scope) => {
      scope.get('/refused', { schema: { response: { 204: z.null() } } }, async (_request, reply) => {
        setSessionCookie(reply, world.ctx.config, 'renewed')
        throw new AppError('conflict', 'Too late.')
      })
    })
    const answer = await app.inject('/refused')
    expect(answer.statusCode).toBe(409)
    expect(answer.headers['set-cookie']).toContain('seqn_session=renewed; ')
    await app.close()
  })

  it('never holds the columns that hold secrets', async () => {
    const project = await world.project(await world.organization())
    const { owner, id } = project.organization
    for (const path of [
      '/v1/me',
      '/v1/users/me',
      '/v1/auth/session',
      '/v1/auth/sessions',
      '/v1/orgs',
      `/v1/orgs/${id}`,
      `/v1/orgs/${id}/projects`,
      `/v1/orgs/${id}/projects/${project.id}`,
      '/.well-known/jwks.json',
    ]) {
      const { status, text } = await owner.get(path)
      expect(status, path).toBe(200)
      expect(text, path).not.toMatch(/hash|sealed|argon|"d":|salt/)
      expect(text, path).not.toContain(project.secretKey)
      expect(text, path).not.toContain(owner.cookie)
    }
  })
})

it('builds the same service again and again', async () => {
  const app = await buildApp(world.ctx)
  const answer = await fetch(`${await app.listen({ host: '127.0.0.1', port: 0 })}/livez`)
  expect(await answer.json()).toEqual({ status: 'ok' })
  await app.close()
})

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { packageRoot } from '../../src/lib/package-root.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()

type Body = { content?: Record<string, { example?: unknown; examples?: Record<string, unknown> }> }
type Operation = {
  operationId: string
  summary: string
  tags: string[]
  security: Record<string, string[]>[]
  parameters?: { name: string; in: string }[]
  requestBody?: Body & { required: boolean }
  responses: Record<string, Body & { description: string }>
}

async function operations(): Promise<{ name: string; operation: Operation }[]> {
  const { body } = await world.anonymous.get('/openapi.json')
  return Object.entries<Record<string, Operation>>(body.paths).flatMap(([url, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${url}`,
      operation,
    })),
  )
}

async function operation(name: string): Promise<Operation> {
  const found = (await operations()).find((one) => one.name === name)
  if (!found) throw new Error(`${name} is not described`)
  return found.operation
}

it('is OpenAPI 3.1 as JSON', async () => {
  const answer = await world.anonymous.get('/openapi.json')
  expect(answer.status).toBe(200)
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
  expect(answer.body).toMatchObject({ openapi: '3.1.0', servers: [{ url: 'http://accounts.silver.test' }] })
})

it('has nothing for the recommended rules of redocly lint to say', async () => {
  const { text } = await world.anonymous.get('/openapi.json')
  const directory = mkdtempSync(path.join(tmpdir(), 'openapi-'))
  const file = path.join(directory, 'openapi.json')
  writeFileSync(file, text)
  const redocly = path.join(packageRoot, 'node_modules/.bin/redocly')
  const { stdout, stderr } = spawnSync(redocly, ['lint', '--extends=recommended', '--format=json', file], {
    cwd: directory,
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
    encoding: 'utf8',
  })
  rmSync(directory, { recursive: true })
  const report = JSON.parse(stdout || `{"stderr":${JSON.stringify(stderr)}}`)
  expect(report).toMatchObject({ totals: { errors: 0, warnings: 0, ignored: 0 }, problems: [] })
})

it('tells of every operation its name, audience, proof and refusals', async () => {
  const all = await operations()
  expect(all.length).toBeGreaterThan(25)
  for (const { name, operation } of all) {
    expect(operation.operationId, name).toMatch(/^[a-z][A-Za-z]+$/)
    expect(operation.summary, name).toMatch(/^[A-Z]/)
    expect(operation.tags, name).toHaveLength(1)
    expect(operation.security, name).toBeInstanceOf(Array)
    expect(Object.keys(operation.responses), name).toEqual(
      expect.arrayContaining(['400', '429', '500', '503']),
    )
    expect(operation.responses['429']?.description, name).toBe('rate_limited')
    if (!name.startsWith('GET'))
      expect(Object.keys(operation.responses), name).toEqual(expect.arrayContaining(['413', '415']))
    if (operation.security.length > 0 && !name.includes('/client/'))
      expect(Object.keys(operation.responses), name).toContain('401')
  }
})

it('gives an example of every body that goes in or comes out', async () => {
  for (const { name, operation } of await operations()) {
    for (const [status, body] of [
      ['in', operation.requestBody ?? {}] as const,
      ...Object.entries(operation.responses),
    ]) {
      for (const media of Object.values(body.content ?? {})) {
        const examples = media.examples ? Object.keys(media.examples).length : 0
        expect(media.example !== undefined || examples > 0, `${name} ${status}`).toBe(true)
        expect(
          JSON.stringify(media.example ?? ''),
          `${name} ${status} is made of real examples`,
        ).not.toContain('"text"')
      }
    }
  }
})

it('makes examples that a caller could send and get', async () => {
  const create = await operation('POST /v1/orgs/{org}/projects')
  expect(create.requestBody?.content?.['application/json']?.example).toEqual({
    name: 'SEQN Console',
    slug: 'seqn-console',
    redirectUrls: ['https://app.example.com/callback'],
    origins: ['https://app.example.com'],
    afterSignInUrl: 'https://app.example.com/callback',
    afterSignUpUrl: 'https://app.example.com/callback',
  })
  const example = create.requestBody?.content?.['application/json']?.example
  const organization = await world.organization()
  const answer = await organization.owner.post(`/v1/orgs/${organization.id}/projects`, example)
  expect(answer.status).toBe(201)
})

it('names each refusal by its code', async () => {
  const { responses } = await operation('POST /v1/orgs/{org}/projects')
  const codes = Object.entries(responses)
    .filter(([status]) => Number(status) >= 400)
    .map(([status, body]) => [status, Object.keys(body.content?.['application/json']?.examples ?? {})])
  expect(Object.fromEntries(codes)).toEqual({
    400: ['invalid_input'],
    401: ['authentication_required'],
    402: ['subscription_inactive', 'subscription_limit_exceeded'],
    403: ['csrf_rejected', 'admin_required'],
    404: ['not_found'],
    409: ['conflict', 'idempotency_conflict'],
    413: ['payload_too_large'],
    415: ['unsupported_media_type'],
    429: ['rate_limited'],
    500: ['internal_error'],
    503: ['service_unavailable'],
  })
})

it.each([
  ['GET /v1/plans', []],
  ['POST /v1/auth/login', []],
  ['GET /v1/client/config', [{ publishableKey: [] }]],
  ['GET /v1/backend/application', [{ secretKey: [] }]],
  ['GET /v1/me', [{ sessionCookie: [] }, { accessToken: [] }]],
  ['DELETE /v1/orgs/{org}', [{ sessionCookie: [] }, { accessToken: [] }]],
])('says how callers of %s prove who they are', async (name, security) => {
  expect((await operation(name)).security).toEqual(security)
})

it.each(['GET /v1/config', 'GET /v1/client/config', 'GET /.well-known/jwks.json'])(
  'says that %s may answer 304',
  async (name) => {
    const { responses, parameters } = await operation(name)
    expect(responses['304']?.description).toBe('Not Modified')
    expect(responses['304']?.content).toBeUndefined()
    expect(parameters?.map((parameter) => parameter.name)).toContain('If-None-Match')
  },
)

it('says where an Idempotency-Key is taken, and where a body may be left out', async () => {
  const rotate = await operation('POST /v1/orgs/{org}/projects/{project}/rotate-secret')
  expect(rotate.parameters?.map(({ name }) => name)).toEqual(['org', 'project', 'Idempotency-Key'])
  expect(rotate.requestBody?.required).toBe(false)
  expect((await operation('POST /v1/orgs')).requestBody?.required).toBe(true)
})

it('describes every schema once and none that is not used', async () => {
  const { body, text } = await world.anonymous.get('/openapi.json')
  const names = Object.keys(body.components.schemas)
  expect(names).toContain('Project')
  expect(names.filter((name) => name.endsWith('Input'))).toEqual([])
  for (const name of names) expect(text).toContain(`"#/components/schemas/${name}"`)
})

it('can be read at /docs, which asks no other host and runs nothing inline', async () => {
  const page = await world.anonymous.get('/docs')
  expect(page.status).toBe(200)
  expect(page.headers['content-type']).toContain('text/html')
  const policy = page.headers['content-security-policy'] ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toMatch(/https?:|unsafe|\*/)
  expect(page.text).not.toMatch(/<script>|<style|style=|onload=|(?:src|href)="(?:https?:)?\/\//)
  const files = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file ?? '')
  expect(files.length).toBeGreaterThan(4)
  for (const file of files) {
    const { pathname } = new URL(file, 'http://accounts.silver.test/docs')
    const answer = await world.anonymous.get(pathname)
    expect(answer.status, file).toBe(200)
    expect(answer.headers['x-content-type-options'], file).toBe('nosniff')
  }
  const script = await world.anonymous.get('/docs/static/swagger-initializer.js')
  expect(script.text).toContain('validatorUrl: null')
  expect((await world.anonymous.get('/docs/json')).body).toEqual(
    (await world.anonymous.get('/openapi.json')).body,
  )
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { caddyfile, startOwnCaddy } from '../support/caddy.ts'
import { call } from '../support/http.ts'
import { freePort, plainEnvironment, run } from '../support/spawned.ts'
import { tool } from '../support/tools.ts'
import { startWorld } from '../support/world.ts'

const caddyPath = tool('caddy')
const host = 'accounts.silver.test'
const port = await freePort()
const servicePort = await freePort()
const forged = '203.0.113.66'
const forgeries = {
  'x-forwarded-for': forged,
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'http',
  'x-real-ip': forged,
  forwarded: `for=${forged};host=evil.example;proto=http`,
}

type OwnCaddy = Awaited<ReturnType<typeof startOwnCaddy>>

describe.runIf(caddyPath)('the Caddyfile before the service', () => {
  const world = startWorld({
    port: servicePort,
    environment: { PUBLIC_BASE_URL: `https://${host}:${port}`, TRUSTED_PROXIES: '127.0.0.1' },
  })
  let caddy: OwnCaddy
  beforeAll(async () => {
    caddy = await startOwnCaddy({ host, port, upstreams: [servicePort] })
  })
  afterAll(() => caddy?.stop())

  const register = (email: string, headers = {}) =>
    caddy.ask({
      method: 'POST',
      path: '/v1/auth/register',
      headers,
      body: { email, password: 'a long password of mine', organization_name: 'Behind Caddy' },
    })

  it('is valid, and formatted as caddy fmt does', async () => {
    const env = plainEnvironment({ ACCOUNTS_HOST: host, CADDY_TLS: 'internal', HOME: '/nonexistent' })
    const validated = await run(caddyPath ?? '', ['validate', '--config', caddyfile], { env })
    expect(validated.output).toContain('Valid configuration')
    expect(validated.output).not.toContain('"level":"warn"')
    expect((await run(caddyPath ?? '', ['fmt', '--diff', caddyfile], { env })).code).toBe(0)
  })

  it('sends http to https, path and query kept', async () => {
    const answer = await call(caddy.httpPort, { path: '/sign-in?a=1', headers: { host } })
    expect([answer.status, answer.headers.location]).toEqual([308, `https://${host}/sign-in?a=1`])
  })

  it('signs in with Secure cookies of this host alone, and says HSTS once', async () => {
    expect((await register('secure@example.com')).status).toBe(201)
    const answer = await caddy.ask({
      method: 'POST',
      path: '/v1/auth/login',
      body: { email: 'secure@example.com', password: 'a long password of mine' },
    })
    const [cookie = ''] = answer.headers['set-cookie'] ?? []
    expect(cookie).toMatch(
      /^__Host-seqn_session=[^;]+; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
    // Node joins a header that came twice with a comma.
    expect(answer.headers['strict-transport-security']).toBe('max-age=63072000; includeSubDomains')
    const me = await caddy.ask({ path: '/v1/me', headers: { cookie: cookie.split(';')[0] } })
    expect([me.status, me.body.user.email]).toEqual([200, 'secure@example.com'])
  })

  it("tells the service the caller's own address, whatever the caller says", async () => {
    const answer = await register('forger@example.com', forgeries)
    const organization: string = answer.body.user.organization_id
    const details = (await world.auditLog(organization)).map((row) => row.details).join('\n')
    expect(details).toContain('127.0.0.1')
    expect(details).not.toContain(forged)
    const cookie = answer.headers['set-cookie']?.[0]?.split(';')[0]
    const { body: sessions } = await caddy.ask({
      path: '/v1/auth/sessions',
      headers: { cookie, ...forgeries },
    })
    expect(sessions.map((session: { ip_address: string }) => session.ip_address)).toEqual(['127.0.0.1'])
    const redirected = await caddy.ask({ path: '/auth/console', headers: forgeries })
    expect([redirected.status, redirected.headers.location?.startsWith('/sign-in')]).toEqual([303, true])
  })

  it.each([
    ['of a length that is said', {}],
    ['in chunks', { 'content-length': undefined, 'transfer-encoding': 'chunked' }],
  ])('refuses a body over 64 KiB %s as the service does', async (_how, headers) => {
    const send = (size: number) =>
      caddy.ask({
        method: 'POST',
        path: '/v1/auth/login',
        headers: { 'content-type': 'application/json', ...headers },
        body: Buffer.alloc(size, 'a'),
      })
    const { status, body } = await send(64 * 1024 + 1)
    expect([status, body.error]).toMatchObject([
      413,
      {
        code: 'payload_too_large',
        type: 'validation_error',
        message: expect.stringMatching(/larger than/),
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    ])
    expect((await send(64 * 1024)).body.error.code, 'the service itself judges what fits').toBe(
      'invalid_input',
    )
  })

  it('compresses what holds no secret and nothing else', async () => {
    const headers = { 'accept-encoding': 'gzip' }
    const encodingOf = async (path: string) =>
      (await caddy.ask({ path, headers })).headers['content-encoding']
    expect(await encodingOf('/openapi.json')).toBe('gzip')
    expect(await encodingOf('/sign-in')).toBeUndefined()
    expect(await encodingOf('/sign-in?openapi.json')).toBeUndefined()
    expect(await encodingOf('/v1/plans')).toBeUndefined()
  })

  it('shows no metrics, no admin interface and no other host', async () => {
    expect((await caddy.ask({ path: '/metrics' })).status).toBe(404)
    expect((await caddy.ask({ path: '/reverse_proxy/upstreams' })).status).toBe(404)
    expect((await caddy.ask({ path: '/v1/plans', headers: { host: 'evil.example' } })).text).toBe('')
  })

  it('has the address that docker-compose.yml asks for its health', async () => {
    const [adminHost, adminPort] = caddy.admin.split(':')
    expect(adminHost).toBe('127.0.0.1')
    expect((await call(Number(adminPort), { path: '/reverse_proxy/upstreams' })).status).toBe(200)
  })
})

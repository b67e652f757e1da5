import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, cookieOf } from '../support/http.ts'
import { eventually, freePort, plainEnvironment, projectRoot, run, start } from '../support/spawned.ts'

const main = path.join(projectRoot, 'dist', 'main.js')
let directory: string
let port: number

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'silver-start-'))
  port = await freePort()
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const environment = (more: Record<string, string> = {}) =>
  plainEnvironment({ DATA_DIR: directory, PORT: String(port), ...more })
const startService = (more: Record<string, string> = {}) =>
  start(process.execPath, [main], { env: environment(more), cwd: projectRoot })
const databaseIsGone = () => !existsSync(path.join(directory, 'postgres', 'postmaster.pid'))

const person = { email: 'smoke@example.com', password: 'smoke-test-password', organization_name: 'Smoke' }

describe('start and stop', () => {
  it('runs tests and service on Node 24', async () => {
    expect(process.version).toMatch(/^v24\./)
    const service = startService()
    await service.until(/is ready on .* \(node v24\./)
    service.child.kill('SIGTERM')
    expect(await service.exited).toEqual({ code: 0, signal: null })
    expect(databaseIsGone()).toBe(true)
  })

  it('passes the sequence of the production checklist', async () => {
    const service = startService()
    await service.until(/is ready on/)
    const registered = await call(port, { method: 'POST', path: '/v1/auth/register', body: person })
    expect(registered.status).toBe(201)
    const cookie = `seqn_session=${cookieOf(registered)}`
    expect((await call(port, { path: '/v1/auth/session', headers: { cookie } })).status).toBe(200)
    const left = await call(port, { method: 'POST', path: '/v1/auth/logout', headers: { cookie } })
    expect([left.status, cookieOf(left)]).toEqual([204, ''])
    expect((await call(port, { path: '/v1/auth/session', headers: { cookie } })).status).toBe(401)
    service.child.kill('SIGINT')
    expect((await service.exited).code).toBe(0)
  })

  it('loses nothing it has acknowledged when it is killed', async () => {
    const service = startService()
    await service.until(/is ready on/)
    const { email, password } = person
    const signedIn = await call(port, { method: 'POST', path: '/v1/auth/login', body: { email, password } })
    const cookie = `seqn_session=${cookieOf(signedIn)}`
    const acknowledged: string[] = []
    const creating = (async () => {
      for (let count = 0; ; count++) {
        const body = { name: `Organization ${count}`, slug: `killed-${count}` }
        const answer = await call(port, { method: 'POST', path: '/v1/orgs', headers: { cookie }, body })
        if (answer.status === 201) acknowledged.push(body.slug)
        if (acknowledged.length === 12) service.child.kill('SIGKILL')
      }
    })().catch(() => undefined)
    await service.exited
    await creating
    expect(acknowledged.length).toBeGreaterThanOrEqual(12)

    const next = startService()
    await next.until(/is ready on/)
    const listed = await call(port, { path: '/v1/orgs?limit=100', headers: { cookie } })
    const slugs = listed.body.data.map(({ slug }: { slug: string }) => slug)
    expect(acknowledged.filter((slug) => !slugs.includes(slug))).toEqual([])
    next.child.kill('SIGTERM')
    await next.exited
    const verified = await run(process.execPath, [main, 'audit', 'verify'], {
      env: environment(),
      cwd: projectRoot,
    })
    expect(verified).toMatchObject({ code: 0, output: expect.stringContaining('every chain is whole') })
  })

  it('shows its metrics where METRICS_PORT says, until it has stopped', async () => {
    const metricsPort = await freePort()
    const service = startService({ METRICS_PORT: String(metricsPort) })
    await service.until(/is ready on/)
    await call(port, { path: '/healthz' })
    const { text } = await call(metricsPort, { path: '/metrics' })
    expect(text).toMatch(/^silver_auth_ready 1$/m)
    expect(text).toMatch(/^silver_auth_http_request_duration_seconds_count{.*"\/healthz".*} 1$/m)
    expect((await call(port, { path: '/metrics' })).status).toBe(404)
    service.child.kill('SIGTERM')
    expect((await service.exited).code).toBe(0)
    await expect(call(metricsPort, { path: '/metrics' })).rejects.toThrow('ECONNREFUSED')
  })

  it('says what is wrong when the port is taken, and leaves no database behind', async () => {
    const other = net.createServer().listen(port, '127.0.0.1')
    const service = startService()
    expect((await service.exited).code).toBe(1)
    expect(service.output()).toContain('The port is in use already')
    await eventually(databaseIsGone, 'the database has stopped')
    other.close()
  })

  it('finishes a request in flight before it ends', async () => {
    const service = startService()
    await service.until(/is ready on/)
    const body = JSON.stringify({ ...person, email: 'late@example.com' })
    const socket = net.connect(port, '127.0.0.1')
    const head = `POST /v1/auth/register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk.toString()
    })
    socket.write(head)
    // Now the service has the request and waits for its body.
    await expect.poll(() => answer).toContain('100 Continue')
    socket.write(body.slice(0, 10))
    service.child.kill('SIGTERM')
    await service.until(/"msg":"stopping"/)
    socket.write(body.slice(10))
    expect((await service.exited).code).toBe(0)
    expect(answer).toContain('HTTP/1.1 201 Created')
  })

  it('still serves for DRAIN_SECONDS, not ready any more', async () => {
    const service = startService({ DRAIN_SECONDS: '3' })
    await service.until(/is ready on/)
    service.child.kill('SIGTERM')
    await service.until(/"msg":"stopping"/)
    expect(await call(port, { path: '/healthz' })).toMatchObject({
      status: 503,
      body: { checks: { service: 'stopping' } },
    })
    expect(await call(port, { path: '/v1/plans' })).toMatchObject({
      status: 200,
      headers: { connection: 'close' },
    })
    expect((await service.exited).code).toBe(0)
    expect(databaseIsGone()).toBe(true)
  })

  it('stops with one message that lists every missing setting in production', async () => {
    const service = startService({ NODE_ENV: 'production' })
    expect((await service.exited).code).toBe(1)
    for (const name of ['PUBLIC_BASE_URL', 'DATABASE_URL', 'SESSION_SECRET', 'SEALING_KEY'])
      expect(service.output()).toContain(name)
  })
})

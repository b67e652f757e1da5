import { Writable } from 'node:stream'
import { expect, it } from 'vitest'
import { makeLogger } from '../../src/http/logging.ts'
import { rawCall } from '../support/raw.ts'
import { startWorld } from '../support/world.ts'
import { logLine } from './envelope.ts'

const world = startWorld()

it('writes one line per request, with the pattern of its route, the people and the time', async () => {
  const project = await world.project(await world.organization())
  const { owner, id: organizationId } = project.organization
  const answer = await owner.get(`/v1/orgs/${organizationId}/projects/${project.id}?a=b`)
  await expect.poll(() => logLine(world.logLines, answer.headers['x-request-id'])).toHaveLength(1)
  expect(logLine(world.logLines, answer.headers['x-request-id'])).toEqual([
    {
      level: 30,
      time: expect.any(Number),
      requestId: answer.headers['x-request-id'],
      method: 'GET',
      route: '/v1/orgs/:org/projects/:project',
      status: 200,
      durationMs: expect.any(Number),
      userId: owner.id,
      organizationId,
      msg: 'request',
    },
  ])
})

it('tells which project and key a back end or browser app came with', async () => {
  const project = await world.project(await world.organization())
  const backend = await world.withBearer(project.secretKey).get('/v1/backend/application')
  const client = await world.withPublishableKey(project.publishableKey).get('/v1/client/config')
  await expect.poll(() => logLine(world.logLines, client.headers['x-request-id'])).toHaveLength(1)
  const organizationId = project.organization.id
  const [line] = logLine(world.logLines, backend.headers['x-request-id'])
  expect(line).toMatchObject({
    organizationId,
    keyId: expect.stringMatching(/^key_/),
    keyPrefix: project.secretKey.slice(0, 16),
    route: '/v1/backend/application',
  })
  expect(logLine(world.logLines, client.headers['x-request-id'])).toMatchObject([{ organizationId }])
})

it('never writes a secret, wherever it was sent', async () => {
  const marker = 'mArKeD'
  const person = { email: 'marked@example.com', password: `${marker}-password`, organization_name: 'Marked' }
  await world.anonymous.post('/v1/auth/register', person)
  const signedIn = await world.signIn(person.email, person.password)
  const { body } = await signedIn.get('/v1/orgs')
  const organization = `/v1/orgs/${body.data[0].id}`
  const created = await signedIn.post(
    `${organization}/projects`,
    { name: 'A' },
    { 'idempotency-key': `${marker}-key` },
  )
  const { secretKey, project } = created.body
  const wrongKey = `sk_live_${marker.toLowerCase()}${'0'.repeat(42)}`
  const token = `${marker}.${marker}.${marker}`
  await world.withBearer(secretKey).get(`/v1/backend/application?key=${secretKey}`)
  await world.withBearer(wrongKey).get('/v1/backend/application')
  await world.withBearer(token).get('/v1/me')
  await world.withBearer(signedIn.accessToken).get(`/v1/me?access_token=${signedIn.accessToken}`)
  await world.withCookie(`${marker}-cookie`).get('/v1/me')
  await world.anonymous.get(`/v1/client/config?publishable_key=${project.publishableKey}`)
  await world.anonymous.get(`/v1/client/config?publishable_key=pk_live_${marker}`)
  await world.anonymous.get(`/invite/${marker}`)
  await world.anonymous.get(`/reset?token=${marker}`, { referer: `https://a.example/?code=${marker}` })
  await world.anonymous.get(`/v1/${marker}%`)
  await world.anonymous.get(`/v1/orgs/${marker}${'a'.repeat(300)}`)
  await world.anonymous.post('/v1/auth/login', { ...person, password: `${marker}-wrong` })
  await world.anonymous.post('/v1/auth/login', { email: person.email, [`${marker}`]: 1 })
  await world.anonymous.post('/v1/auth/login', `{"email":"${marker}`)
  await signedIn.post('/v1/auth/reauthenticate', { password: `${marker}-wrong` })
  await signedIn.post('/v1/users/me/password', {
    current_password: person.password,
    new_password: `${marker}-another`,
  })
  await signedIn.post(`${organization}/projects/${project.id}/rotate-secret`)
  await rawCall(world.port, `GET /${marker} HTTP/1.1\r\nAuthorization: Bearer ${marker}\r\nX: \0\r\n\r\n`)
  await rawCall(world.port, `CONNECT ${marker}:443 HTTP/1.1\r\nHost: ${marker}\r\n\r\n`)
  await expect.poll(() => world.logLines.length).toBeGreaterThan(20)
  const log = world.logLines.join('\n')
  expect(log.toLowerCase()).not.toContain(marker.toLowerCase())
  for (const secret of [secretKey, project.publishableKey, signedIn.cookie, signedIn.accessToken]) {
    expect(secret.length).toBeGreaterThan(20)
    expect(log).not.toContain(secret)
  }
  for (const setting of [world.ctx.config.session.secrets[0], 'postgres://', 'postgresql://'])
    expect(log).not.toContain(setting)
})

it('cuts fields that hold secrets, should anybody log them', () => {
  const lines: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const log = makeLogger('info', sink)
  const secrets = {
    password: 'x-secret',
    token: 'x-secret',
    secretKey: 'x-secret',
    cookie: 'x-secret',
    authorization: 'x-secret',
  }
  log.info(secrets)
  log.info({ body: secrets, request: { headers: secrets } })
  expect(lines).toHaveLength(2)
  expect(lines.join()).not.toContain('x-secret')
  expect(lines.join()).toContain('[redacted]')
})

it('logs what went wrong here, and does not show it', async () => {
  await world.sql('alter table plans rename to plans_away')
  const answer = await world.anonymous.get('/v1/plans')
  await world.sql('alter table plans_away rename to plans')
  const log = world.logLines.join('\n')
  // The world fails a test that leaves an internal error behind; this one is meant.
  world.logLines.length = 0
  expect(answer.status).toBe(500)
  expect(answer.body).toEqual({
    error: {
      code: 'internal_error',
      message: expect.any(String),
      type: 'internal_error',
      requestId: answer.headers['x-request-id'],
    },
  })
  expect(answer.text).not.toMatch(/plans|relation|select|\.ts/i)
  expect(log).toContain('relation \\"plans\\" does not exist')
  const line = log.split('\n').find((text) => text.includes('relation'))
  expect(JSON.parse(line ?? '{}')).toMatchObject({ level: 50, requestId: answer.headers['x-request-id'] })
  expect(line?.match(/"requestId"/g)).toHaveLength(1)
})

import { describe, expect, it } from 'vitest'
import { version } from '../../src/lib/package-root.ts'
import { startWorld } from '../support/world.ts'

const base = 'http://accounts.silver.test'
let now = new Date('2026-05-12T10:30:00.000Z')
const world = startWorld({ clock: () => now })

describe('GET /v1/config', () => {
  it('tells safe facts that may be kept for a minute', async () => {
    const answer = await world.anonymous.get('/v1/config')
    expect(answer.body).toEqual({
      service: 'silver-auth',
      version,
      publicBaseUrl: base,
      auth: { methods: ['password'], signInUrl: `${base}/sign-in`, signUpUrl: `${base}/sign-up` },
      oidc: null,
      docsUrl: `${base}/docs`,
    })
    expect(answer.headers['cache-control']).toBe('public, max-age=60')
    expect(answer.headers.etag).toMatch(/^"[\w-]{27}"$/)
  })

  it.each<[what: string, given: (etag: string) => string]>([
    ['it', (etag) => etag],
    ['it weakly', (etag) => `W/${etag}`],
    ['it among others', (etag) => `"other", ${etag} ,W/"more"`],
    ['anything', () => '*'],
  ])('answers 304 to who has %s', async (_what, given) => {
    const { headers } = await world.anonymous.get('/v1/config')
    const etag = String(headers.etag)
    const answer = await world.anonymous.get('/v1/config', { 'if-none-match': given(etag) })
    expect([answer.status, answer.text, answer.headers.etag]).toEqual([304, '', etag])
    expect(answer.headers['cache-control']).toBe('public, max-age=60')
  })

  it.each(['"other"', '', 'nonsense', '""', 'W/"other"'])('answers in full to who has %j', async (given) => {
    expect((await world.anonymous.get('/v1/config', { 'if-none-match': given })).status).toBe(200)
  })
})

describe('the health of the service', () => {
  it('is told with its parts', async () => {
    const answer = await world.anonymous.get('/healthz')
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({
      status: 'ok',
      version,
      checks: { database: 'ok', service: 'ready', webhookWorker: 'disabled' },
    })
  })

  it('is told with figures on request', async () => {
    for (const query of ['?verbose', '?verbose=1']) {
      const { body } = await world.anonymous.get(`/healthz${query}`)
      expect(body).toMatchObject({
        database: { latencyMs: expect.any(Number) },
        webhooks: { due: 0, oldestDueSeconds: 0 },
        uptimeSeconds: expect.any(Number),
      })
      expect(JSON.stringify(body)).not.toMatch(/postgres|127\.0\.0\.1|secret/)
    }
  })

  it('is more than that of the process', async () => {
    expect((await world.anonymous.get('/livez')).body).toEqual({ status: 'ok' })
  })
})

describe('security.txt', () => {
  const fields = async () => {
    const { text } = await world.anonymous.get('/.well-known/security.txt')
    expect(text).toMatch(/^(?:[A-Z][A-Za-z-]+: \S.*\n)+$/)
    return text
      .trimEnd()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const)
  }

  it('has the fields of RFC 9116', async () => {
    const { headers } = await world.anonymous.get('/.well-known/security.txt')
    expect(headers['content-type']).toBe('text/plain; charset=utf-8')
    const found = await fields()
    const names = found.map(([name]) => name)
    expect(names).toContain('Contact')
    expect(names.filter((name) => name === 'Expires')).toHaveLength(1)
    expect(names.filter((name) => name === 'Preferred-Languages')).toHaveLength(1)
    expect(Object.fromEntries(found)).toMatchObject({
      Contact: expect.stringMatching(/^(https:|mailto:|tel:|http:\/\/accounts\.silver\.test)/),
      Canonical: `${base}/.well-known/security.txt`,
    })
  })

  it('expires in the future, within a year, and moves with time', async () => {
    const expires = async () => Object.fromEntries(await fields()).Expires ?? ''
    expect(await expires()).toBe('2026-11-08T00:00:00.000Z')
    now = new Date('2027-01-01T00:00:00.000Z')
    expect(await expires()).toBe('2027-06-30T00:00:00.000Z')
  })
})

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startOwnCaddy } from '../support/caddy.ts'
import { eventually, freePort } from '../support/spawned.ts'
import { tool } from '../support/tools.ts'

const marked = 'm4rk3dS3cr3t'
const headers = {
  authorization: `Bearer ${marked}`,
  cookie: `__Host-seqn_session=${marked}`,
  referer: `https://app.example.com/callback?code=${marked}`,
  'x-seqn-publishable-key': marked,
}

/** Takes everything, answers with secrets in headers, and cuts the connection where the path says so. */
const upstream = createServer((request, response) => {
  if (request.url?.includes('cut')) return request.socket.destroy()
  request.on('error', () => undefined).resume()
  request.on('end', () => {
    const secrets = { location: `https://app.example.com/?code=${marked}`, 'set-cookie': `a=${marked}` }
    response.writeHead(200, secrets).end(JSON.stringify(request.headers))
  })
})

describe.runIf(tool('caddy'))('what Caddy does by itself', () => {
  let caddy: Awaited<ReturnType<typeof startOwnCaddy>>
  beforeAll(async () => {
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    const { port } = upstream.address() as AddressInfo
    caddy = await startOwnCaddy({ host: 'accounts.silver.test', port: await freePort(), upstreams: [port] })
  })
  afterAll(async () => {
    await caddy?.stop()
    upstream.close()
  })

  type Line = { msg: string; request?: { uri: string; method: string }; status?: number }
  const lines = () =>
    caddy
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line)
      .filter(({ msg }) => msg === 'handled request')

  it('logs who asked for which path with which answer, and no query, link, header or cookie', async () => {
    const paths = [
      ['/v1/me', '/v1/me'],
      [`/auth/callback?code=${marked}&state=${marked}`, '/auth/callback'],
      [`/invite/${marked}`, '/invite/'],
      [`/invite/${marked}/accept?next=${marked}`, '/invite/'],
      [`/Reset/${marked}?a`, '/Reset/'],
      [`/reset?token=${marked}`, '/reset'],
      [`/invitees/7?${marked}?${marked}`, '/invitees/7'],
    ]
    for (const [path = ''] of paths) expect((await caddy.ask({ path, headers })).status).toBe(200)
    await caddy.ask({ method: 'POST', path: `/cut?token=${marked}`, headers })
    await eventually(() => lines().length > paths.length, 'every request is logged')
    expect(lines().map(({ request, status }) => [request?.method, request?.uri, status])).toEqual([
      ...paths.map(([, logged]) => ['GET', logged, 200]),
      ['POST', '/cut', 503],
    ])
    expect(caddy.output()).not.toContain(marked)
  })

  it("says who called and how in its own words, and passes nobody else's on", async () => {
    const forgeries = {
      'x-forwarded-for': '203.0.113.66',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      'x-real-ip': '203.0.113.66',
      forwarded: 'for=203.0.113.66;host=evil.example',
    }
    const { text } = await caddy.ask({ path: '/', headers: forgeries })
    expect(Object.entries(JSON.parse(text)).filter(([name]) => /forwarded|real/.test(name))).toEqual([
      ['x-forwarded-for', '127.0.0.1'],
      ['x-forwarded-host', expect.stringMatching(/^accounts\.silver\.test:\d+$/)],
      ['x-forwarded-proto', 'https'],
    ])
  })

  it.each([
    ['of a length that is said', {}],
    ['in chunks', { 'content-length': undefined, 'transfer-encoding': 'chunked' }],
  ])('passes on 64 KiB %s and not a byte more', async (_how, headers) => {
    const send = async (size: number) => {
      const body = Buffer.alloc(size)
      return (await caddy.ask({ method: 'POST', path: '/', headers, body })).status
    }
    expect([await send(64 * 1024), await send(64 * 1024 + 1)]).toEqual([200, 413])
  })
})

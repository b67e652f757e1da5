import { once } from 'node:events'
import net from 'node:net'
import { expect, it } from 'vitest'
import { call } from '../support/http.ts'
import { rawCall } from '../support/raw.ts'
import { startWorld } from '../support/world.ts'
import { expectRefusal, logLine } from './envelope.ts'

const requestTimeoutMs = 400
const world = startWorld({ limits: { requestTimeoutMs } })
const head = (line: string, ...headers: string[]) =>
  [line, 'Host: accounts.silver.test', ...headers, '', ''].join('\r\n')

const first = async (...chunks: (string | Buffer)[]) => {
  const answers = await rawCall(world.port, ...chunks)
  expect(answers).toHaveLength(1)
  const [answer] = answers
  if (!answer) throw new Error('no answer')
  return answer
}

it.each([
  ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n'],
  ['a word', 'hello\r\n\r\n'],
  ['an unknown method', head('SMUGGLE /v1/plans HTTP/1.1')],
  ['a version that does not exist', head('GET /v1/plans HTTP/9.1')],
  ['a space in the address', head('GET /v1/plans x HTTP/1.1')],
  ['a control character in a header', head('GET /v1/plans HTTP/1.1', 'X-A: a\x01b')],
  ['a NUL in a header', head('GET /v1/plans HTTP/1.1', 'X-A: a\0b')],
  ['a header without a name', head('GET /v1/plans HTTP/1.1', ': a')],
  [
    'a header folded over two lines after a space before its colon',
    head('GET /v1/plans HTTP/1.1', 'X-A : a'),
  ],
  ['two lengths', head('POST /v1/auth/login HTTP/1.1', 'Content-Length: 2', 'Content-Length: 3')],
  [
    'a length beside chunks',
    head('POST /v1/auth/login HTTP/1.1', 'Content-Length: 2', 'Transfer-Encoding: chunked'),
  ],
  ['a length that is no number', head('POST /v1/auth/login HTTP/1.1', 'Content-Length: 2x')],
  ['a negative length', head('POST /v1/auth/login HTTP/1.1', 'Content-Length: -2')],
])('answers %s with 400', async (_what, text) => {
  const answer = await first(text)
  expectRefusal(answer, 'invalid_input')
  expect(answer.headers.connection).toBe('close')
  expect(logLine(world.logLines, answer.headers['x-request-id'])).toMatchObject([
    { status: 400, route: 'unknown' },
  ])
})

it('refuses a chunk that is none, in the middle of a body', async () => {
  const headers = ['Content-Type: application/json', 'Transfer-Encoding: chunked']
  const answer = await first(`${head('POST /v1/auth/login HTTP/1.1', ...headers)}zz\r\n`)
  expectRefusal(answer, 'invalid_input')
  await expect.poll(() => logLine(world.logLines, answer.headers['x-request-id'])).toHaveLength(1)
})

it('wants a Host of HTTP/1.1', async () => {
  const without = await first('GET /v1/plans HTTP/1.1\r\nConnection: close\r\n\r\n')
  expectRefusal(without, 'invalid_input')
  const old = await first('GET /v1/plans HTTP/1.0\r\n\r\n')
  expect(old.status).toBe(200)
})

it('knows a long address from long headers, however they arrive', async () => {
  const part = 'a'.repeat(9_000)
  const end = ' HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
  expectRefusal(await first(`GET /${part}`, part, end), 'uri_too_long')
  const headers = head('GET /v1/plans HTTP/1.1').slice(0, -2)
  expectRefusal(
    await first(`${headers}X-Long: `, part, part, '\r\nConnection: close\r\n\r\n'),
    'headers_too_large',
  )
})

it('refuses to be a proxy', async () => {
  expectRefusal(
    await first('CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n'),
    'method_not_allowed',
  )
  const absolute = await first(head('GET http://evil.example/v1/config HTTP/1.1', 'Connection: close'))
  expect(absolute.status).toBe(200)
  expect(JSON.parse(absolute.text).publicBaseUrl).toBe('http://accounts.silver.test')
  expectRefusal(await first(head('OPTIONS * HTTP/1.1', 'Connection: close')), 'method_not_allowed')
})

it('ignores a wish for another protocol', async () => {
  const upgrade = ['Connection: Upgrade, close', 'Upgrade: websocket']
  expect((await first(head('GET /v1/plans HTTP/1.1', ...upgrade))).status).toBe(200)
})

it('lets a caller wait for 100 Continue, and ignores other expectations', async () => {
  const expecting = (what: string) =>
    head(
      'POST /v1/auth/login HTTP/1.1',
      `Expect: ${what}`,
      'Content-Type: application/json',
      'Content-Length: 2',
      'Connection: close',
    )
  const [go, answer] = await rawCall(world.port, expecting('100-continue'), '{}')
  expect(go?.status).toBe(100)
  if (answer) expectRefusal(answer, 'invalid_input')
  expectRefusal(await first(`${expecting('pigs-fly')}{}`), 'invalid_input')
})

it.each([
  ['headers never end', 'GET /v1/plans HTTP/1.1\r\nHost: a\r\nX-Slow: '],
  [
    'body never comes',
    head('POST /v1/auth/login HTTP/1.1', 'Content-Type: application/json', 'Content-Length: 20'),
  ],
  [
    'body never ends',
    `${head('POST /v1/auth/login HTTP/1.1', 'Content-Type: application/json', 'Content-Length: 20')}{"email":`,
  ],
  [
    'chunks never end',
    `${head('POST /v1/auth/login HTTP/1.1', 'Content-Type: application/json', 'Transfer-Encoding: chunked')}3\r\n{"a`,
  ],
])('answers a request whose %s with 408', async (_what, text) => {
  const answer = await first(text)
  expectRefusal(answer, 'request_timeout')
  await expect
    .poll(() => logLine(world.logLines, answer.headers['x-request-id']))
    .toMatchObject([{ status: 408 }])
})

it('gives a second request on a connection its own 408', async () => {
  const [answered, slow, ...more] = await rawCall(
    world.port,
    head('GET /livez HTTP/1.1'),
    'GET /v1/plans HTTP/1.1\r\nHost:',
  )
  expect(answered?.status).toBe(200)
  if (slow) expectRefusal(slow, 'request_timeout')
  expect(slow?.headers['x-request-id']).not.toBe(answered?.headers['x-request-id'])
  expect(more).toEqual([])
})

it('does not put a 408 behind the answer that a half-sent body got', async () => {
  const headers = ['Content-Type: application/json', 'Content-Length: 100000']
  const answer = await first(`${head('POST /v1/auth/login HTTP/1.1', ...headers)}{`)
  expectRefusal(answer, 'payload_too_large')
})

it('does not answer garbage before the request in front of it', async () => {
  const answers = await rawCall(world.port, `${head('GET /healthz HTTP/1.1')}garbage\r\n\r\n`)
  expect(answers.filter(({ status }) => status === 400)).toEqual([])
})

it('lets a caller who hangs up go', async () => {
  const socket = net.connect(world.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(head('POST /v1/auth/login HTTP/1.1', 'Content-Type: application/json', 'Content-Length: 20'))
  const served = call(world.port, { path: '/livez' })
  await served
  socket.resetAndDestroy()
  expect((await call(world.port, { path: '/livez' })).status).toBe(200)
})

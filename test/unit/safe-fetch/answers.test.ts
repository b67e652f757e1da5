import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, it, vi } from 'vitest'
import { type Connected, guardedConnect } from '../../../src/lib/safe-fetch/guarded-connect.ts'
import { postSafely } from '../../../src/lib/safe-fetch/post-safely.ts'
import { answering, dripping, endless, startReceiver } from '../../support/raw-receiver.ts'

type Receiver = Awaited<ReturnType<typeof startReceiver>>
const receivers: Receiver[] = []
const receiver = async (receive: (socket: Socket) => void) => {
  const started = await startReceiver(receive)
  receivers.push(started)
  return started
}
afterEach(async () => {
  for (const started of receivers.splice(0)) await started.close()
})

const post = (url: string, more: object = {}) =>
  postSafely({
    url,
    headers: { 'content-type': 'application/json', 'user-agent': 'Test/1' },
    body: '{"a":1}',
    rules: { allowInsecure: true, allowPrivateAddresses: true },
    totalMs: 15_000,
    readBytes: 65_536,
    keepBytes: 2_048,
    ...more,
  })

const status = (line: string, ...headers: string[]) =>
  `HTTP/1.1 ${line}\r\n${[...headers, 'connection: close'].join('\r\n')}\r\n\r\n`

it('sends the body and the headers as given and nothing that asks for more', async () => {
  let request = ''
  const { url } = await receiver((socket) => {
    socket.on('data', (bytes) => {
      request += bytes
      if (request.endsWith('{"a":1}')) socket.end(`${status('201 Created', 'retry-after: 7')}thanks`)
    })
  })
  expect(await post(`${url}/hook?x=1#part`)).toEqual({
    outcome: 'answered',
    status: 201,
    retryAfterSeconds: 7,
    kept: 'thanks',
    latencyMs: expect.any(Number),
  })
  const lines = request.split('\r\n')
  expect(lines[0]).toBe('POST /hook?x=1 HTTP/1.1')
  expect(
    lines
      .slice(1, -2)
      .map((line) => line.toLowerCase())
      .sort(),
  ).toEqual([
    'connection: close',
    'content-length: 7',
    'content-type: application/json',
    `host: ${url.slice('http://'.length)}`,
    'user-agent: test/1',
  ])
})

it.each([301, 302, 303, 307, 308])('takes %i for the answer and goes nowhere', async (code) => {
  const elsewhere = await receiver(answering(status('200 OK')))
  const { url } = await receiver(answering(status(`${code} Moved`, `location: ${elsewhere.url}/`)))
  expect(await post(url)).toMatchObject({ outcome: 'answered', status: code })
  expect(elsewhere.seen.connections).toBe(0)
})

it('makes a connection for each request, also where the receiver would keep it', async () => {
  const { url, seen } = await receiver((socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'))
  })
  for (let i = 0; i < 3; i++) expect(await post(url)).toMatchObject({ status: 200, kept: 'ok' })
  expect(seen.connections).toBe(3)
})

it('ends with the total when nothing is ever answered', async () => {
  const { url, allClosed } = await receiver((socket) => socket.resume())
  expect(await post(url, { totalMs: 200 })).toMatchObject({ outcome: 'failed', failure: 'timed_out' })
  await allClosed()
})

it.each([
  ['its body', dripping(status('200 OK'), '.')],
  ['its headers', dripping('HTTP/1.1 200 OK\r\nx-slow: ', '.')],
  ['early hints', dripping('', 'HTTP/1.1 103 Early Hints\r\n\r\n')],
])('ends with the total when %s drips for ever', async (_what, receive) => {
  const { url, allClosed } = await receiver(receive)
  const posted = await post(url, { totalMs: 300 })
  expect(posted).toMatchObject({ outcome: 'failed', failure: 'timed_out' })
  expect(posted.latencyMs).toBeGreaterThanOrEqual(290)
  await allClosed()
})

it('gives up at once when the caller does', async () => {
  const stopping = new AbortController()
  const { url } = await receiver(() => stopping.abort())
  expect(await post(url, { signal: stopping.signal })).toMatchObject({ failure: 'stopped' })
  expect(await post(url, { signal: stopping.signal })).toMatchObject({ failure: 'stopped' })
})

it.each([
  ['at once', (socket: Socket) => socket.resetAndDestroy()],
  ['after the request', (socket: Socket) => socket.once('data', () => socket.resetAndDestroy())],
  ['without an answer', (socket: Socket) => socket.once('data', () => socket.end())],
  ['inside the headers', answering('HTTP/1.1 200 OK\r\nx: ')],
  ['inside the body', answering('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf')],
  ['inside a chunk', answering('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab')],
])('calls a connection that ends %s a failure, and does not try again', async (_when, receive) => {
  const { url, seen } = await receiver(receive)
  expect(await post(url)).toMatchObject({ outcome: 'failed', failure: 'connection_reset' })
  expect(seen.connections).toBe(1)
})

it('tells a port where nobody listens', async () => {
  const gone = await startReceiver(() => {})
  await gone.close()
  expect(await post(gone.url)).toMatchObject({ outcome: 'failed', failure: 'connection_refused' })
})

it.each([
  ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['headers over 16 KiB', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`],
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
])('calls %s no answer', async (_what, text) => {
  const { url } = await receiver(answering(text))
  expect(await post(url)).toMatchObject({ outcome: 'failed', failure: 'answer_malformed' })
})

it('switches to no other protocol', async () => {
  const switching = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'
  const { url } = await receiver(answering(switching))
  expect(await post(url)).toMatchObject({ outcome: 'failed', failure: 'connection_reset' })
})

const megabyte = 'x'.repeat(1_048_576)
it.each([
  ['body', status('200 OK'), megabyte],
  ['chunked body', status('200 OK', 'transfer-encoding: chunked'), `100000\r\n${megabyte}\r\n`],
  ['body of a failure', status('500 No'), megabyte],
])('reads 64 KiB of an endless %s and hangs up', async (_what, head, piece) => {
  const { url, allClosed, seen } = await receiver(endless(head, piece))
  const posted = await post(url)
  expect(posted).toMatchObject({ outcome: 'answered', kept: 'x'.repeat(2_048) })
  await allClosed()
  // What was read, and what lay in the buffers of both kernels.
  expect(seen.bytesSent).toBeLessThan(16_000_000)
})

it.each([
  ['endless early hints', '', 'HTTP/1.1 103 Early Hints\r\nx: y\r\n\r\n'.repeat(1_000)],
  ['an endless chunk extension', `${status('200 OK', 'transfer-encoding: chunked')}1;x=`, megabyte],
  ['endless trailers', `${status('200 OK', 'transfer-encoding: chunked')}0\r\n`, 'x: y\r\n'.repeat(10_000)],
  ['endless headers', 'HTTP/1.1 200 OK\r\n', 'x: y\r\n'.repeat(10_000)],
])('hangs up at %s, which is no body to count', async (_what, head, piece) => {
  const { url, allClosed, seen } = await receiver(endless(head, piece))
  const posted = await post(url)
  expect(posted.latencyMs).toBeLessThan(10_000)
  await allClosed()
  expect(seen.bytesSent).toBeLessThan(16_000_000)
})

it('does not decompress', async () => {
  const bomb = gzipSync(Buffer.alloc(20_000_000))
  const head = status('200 OK', 'content-encoding: gzip', `content-length: ${bomb.length}`)
  const { url } = await receiver(answering(Buffer.concat([Buffer.from(head), bomb])))
  const posted = await post(url)
  expect(posted).toMatchObject({ outcome: 'answered', status: 200 })
  const kept = posted.outcome === 'answered' ? posted.kept : ''
  expect(kept).toMatch(/^\?/)
  expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(2_048)
})

it.each(['http:', 'https:'])('says nothing to an address that was not judged over %s', async (protocol) => {
  let received = 0
  const { port, allClosed, seen } = await receiver((socket) => {
    socket.on('data', () => received++)
  })
  const connection: Connected = { phase: 'connecting', mostBytes: 1_000 }
  const connect = guardedConnect(['203.0.113.7'], connection)
  const error = await new Promise((done) => {
    // An address in place of a name asks no look-up, so this gets past the first guard.
    connect({ hostname: '127.0.0.1', host: `127.0.0.1:${port}`, protocol, port: String(port) }, (...result) =>
      done(result[0]),
    )
  })
  expect(error).toMatchObject({ code: 'EACCES' })
  expect(connection.phase).toBe('refused')
  await vi.waitFor(() => expect(seen.connections).toBe(1))
  await allClosed()
  expect(received).toBe(0)
})

it('connects once, since addresses are judged for one connection', async () => {
  const { port, seen } = await receiver((socket) => socket.resume())
  const connection: Connected = { phase: 'connecting', mostBytes: 1_000 }
  const connect = guardedConnect(['127.0.0.1'], connection)
  const options = { hostname: '127.0.0.1', host: `127.0.0.1:${port}`, protocol: 'http:', port: String(port) }
  const connected = () => new Promise((done) => connect(options, (...result) => done(result[0])))
  expect(await connected()).toBe(null)
  expect(await connected()).toMatchObject({ code: 'ECONNRESET' })
  expect(seen.connections).toBe(1)
  connection.socket?.destroy()
})

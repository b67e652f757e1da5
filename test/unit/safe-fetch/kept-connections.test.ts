import { once } from 'node:events'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, it, vi } from 'vitest'
import { type KeptConnections, keepConnections } from '../../../src/lib/safe-fetch/kept-connections.ts'
import { postSafely } from '../../../src/lib/safe-fetch/post-safely.ts'
import { startNameServer } from '../../support/name-server.ts'
import { startReceiver } from '../../support/raw-receiver.ts'

const fine = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
type Answer = string | Buffer | ((socket: Socket) => void)

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** Answers one request after the other with these, whichever connection it comes on, and keeps the connections. */
async function receiverOf(answers: Answer[], options?: { host: string }) {
  const requests: { text: string; socket: Socket }[] = []
  const receiver = await startReceiver((socket) => {
    socket.on('data', (bytes) => {
      const answer = answers[requests.length] ?? fine
      requests.push({ text: String(bytes), socket })
      if (typeof answer === 'function') answer(socket)
      else socket.write(answer)
    })
  }, options)
  ends.push(receiver.close)
  return { ...receiver, requests }
}

function keeping(bounds?: Parameters<typeof keepConnections>[0]) {
  const connections = keepConnections(bounds)
  ends.push(connections.close)
  return connections
}

const post = (
  connections: KeptConnections,
  url: string,
  { owner = 'whe_1', ...more }: Record<string, unknown> = {},
) =>
  postSafely({
    url,
    headers: {},
    body: '{}',
    rules: { allowInsecure: true, allowPrivateAddresses: true },
    totalMs: 15_000,
    readBytes: 65_536,
    keepBytes: 2_048,
    keeping: { connections, owner: String(owner) },
    ...more,
  })

const answered = { outcome: 'answered', status: 200, kept: 'ok' }

it('sends the next request of an endpoint on the connection of the one before', async () => {
  const { url, seen, requests } = await receiverOf([])
  const connections = keeping()
  for (let i = 0; i < 3; i++) expect(await post(connections, url)).toMatchObject(answered)
  expect(seen.connections).toBe(1)
  expect(requests.every(({ text }) => /\r\nconnection: keep-alive\r\n/i.test(text))).toBe(true)
})

it('shares no connection between owners, nor between URLs of one', async () => {
  const { url, seen } = await receiverOf([])
  const connections = keeping()
  for (const owner of ['whe_1', 'whe_2', 'whe_1', 'whe_2']) await post(connections, url, { owner })
  expect(seen.connections).toBe(2)
  await post(connections, `${url}/elsewhere`)
  expect(seen.connections).toBe(3)
})

it('closes what waits for the URL that an endpoint had before', async () => {
  const { url, requests } = await receiverOf([])
  const connections = keeping()
  await post(connections, `${url}/before`)
  const closed = once(requests[0]?.socket as Socket, 'close')
  await post(connections, `${url}/after`)
  await closed
})

it('counts the bytes of each answer alone', async () => {
  const long = `HTTP/1.1 200 OK\r\ncontent-length: 8000\r\n\r\n${'x'.repeat(8_000)}`
  const { url, seen } = await receiverOf(Array(40).fill(long))
  const connections = keeping()
  for (let i = 0; i < 40; i++) expect(await post(connections, url)).toMatchObject({ status: 200 })
  expect(seen.connections).toBe(1)
})

const withHeaders = (line: string, ...headers: string[]) =>
  `HTTP/1.1 ${line}\r\n${headers.join('\r\n')}\r\n\r\n`
const packed = gzipSync('ok')
const spread = `transfer-encoding: chunked\r\n\r\n${'1;x=y\r\nx\r\n'.repeat(2_000)}0\r\n\r\n`

it.each<[string, Answer]>([
  ['is cut', withHeaders('200 OK', 'content-length: 100000') + 'x'.repeat(100_000)],
  ['is longer than anybody needs', withHeaders('200 OK', 'content-length: 9000') + 'x'.repeat(9_000)],
  ['comes in thousands of chunks', `HTTP/1.1 200 OK\r\n${spread}`],
  ['follows many early hints', withHeaders('103 Early Hints', 'x: y').repeat(400) + fine],
  [
    'is compressed',
    Buffer.concat([
      Buffer.from(withHeaders('200 OK', 'content-encoding: gzip', `content-length: ${packed.length}`)),
      packed,
    ]),
  ],
  ['is no success', withHeaders('500 No', 'content-length: 0')],
  ['is a redirect', withHeaders('302 Found', 'location: /', 'content-length: 0')],
  ['says so', withHeaders('200 OK', 'connection: close', 'content-length: 0')],
  ['gives less time than it takes', withHeaders('200 OK', 'keep-alive: timeout=1', 'content-length: 0')],
  ['is of HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n'],
  ['has a body where none can be', withHeaders('204 No Content', 'content-length: 2')],
  ['has another answer behind it', `${fine}${fine}`],
  ['is no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
  [
    'breaks off',
    (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf', () => socket.end()),
  ],
])('closes a connection whose answer %s', async (_how, answer) => {
  const { url, seen, requests } = await receiverOf([answer])
  const connections = keeping()
  await post(connections, url)
  expect(await post(connections, url)).toMatchObject(answered)
  expect(seen.connections).toBe(2)
  const [first] = requests
  await vi.waitFor(() => expect(first?.socket.destroyed).toBe(true))
})

it('closes a connection whose answer was not read to its end', async () => {
  const { url, seen } = await receiverOf([])
  const connections = keeping()
  for (let i = 0; i < 2; i++) await post(connections, url, { readBytes: 1 })
  expect(seen.connections).toBe(2)
})

it('closes a connection that brought an answer to nothing', async () => {
  const { url, seen, requests } = await receiverOf([])
  const connections = keeping()
  await post(connections, url)
  const socket = requests[0]?.socket as Socket
  socket.write(fine)
  await once(socket, 'close')
  expect(await post(connections, url)).toMatchObject(answered)
  expect(seen.connections).toBe(2)
})

it.each<[string, (socket: Socket) => void]>([
  ['ended', (socket) => socket.end()],
  ['reset', (socket) => socket.resetAndDestroy()],
])('sends again, at once and once, where the receiver %s a kept connection', async (_how, hangUp) => {
  const { url, seen, requests } = await receiverOf([fine, hangUp, fine, hangUp, hangUp])
  const connections = keeping()
  await post(connections, url)
  expect(await post(connections, url)).toMatchObject(answered)
  expect(seen.connections).toBe(2)
  const [, lost, again] = requests.map(({ text }) => text)
  expect(again).toBe(lost)
  expect(await post(connections, url)).toMatchObject({ outcome: 'failed', failure: 'connection_reset' })
  expect(requests).toHaveLength(5)
})

it('needs no second try where the receiver closed the connection before', async () => {
  const { url, requests } = await receiverOf([])
  const connections = keeping()
  await post(connections, url)
  const socket = requests[0]?.socket as Socket
  socket.end()
  await once(socket, 'close')
  expect(await post(connections, url)).toMatchObject(answered)
  expect(requests).toHaveLength(2)
})

it.each<[string, string, (socket: Socket) => void, Record<string, unknown>]>([
  ['answers a byte and hangs up', 'connection_reset', (socket) => socket.end('H'), {}],
  ['never answers', 'timed_out', () => {}, { totalMs: 200 }],
])('does not send again where the receiver %s', async (_what, failure, receive, more) => {
  const { url, seen, requests, allClosed } = await receiverOf([fine, receive])
  const connections = keeping()
  await post(connections, url)
  expect(await post(connections, url, more)).toMatchObject({ outcome: 'failed', failure })
  await allClosed()
  expect([seen.connections, requests.length]).toEqual([1, 2])
})

it('gives up at once on a kept connection, too', async () => {
  const stopping = new AbortController()
  const { url, requests, allClosed } = await receiverOf([fine, () => stopping.abort()])
  const connections = keeping()
  await post(connections, url)
  expect(await post(connections, url, { signal: stopping.signal })).toMatchObject({ failure: 'stopped' })
  await allClosed()
  expect(requests).toHaveLength(2)
})

it.each([
  ['to another address', ['127.0.0.2'], 'answered'],
  ['nowhere', [], 'failed'],
])('closes a connection whose name leads %s by now', async (_where, then, outcome) => {
  const nameServer = await startNameServer((_name, before) => (before < 2 ? ['127.0.0.1'] : then))
  ends.push(nameServer.close)
  const { port, seen, requests, allClosed } = await receiverOf([])
  const other = await startReceiver(
    (socket) => {
      socket.on('data', () => socket.write(fine))
    },
    { host: '127.0.0.2', port },
  )
  ends.push(other.close)
  const connections = keeping()
  const rules = { allowInsecure: true, allowPrivateAddresses: true, nameServers: [nameServer.address] }
  const postThere = () => post(connections, `http://hooks.example.com:${port}/`, { rules })
  for (let i = 0; i < 2; i++) expect(await postThere()).toMatchObject(answered)
  expect(seen.connections).toBe(1)
  expect(await postThere()).toMatchObject({ outcome })
  await allClosed()
  expect(requests).toHaveLength(2)
})

it('keeps as many as it may, and closes the one that waited longest', async () => {
  const { url, seen, requests } = await receiverOf([])
  const connections = keeping({ most: 2, longestLifeMs: 60_000 })
  const closed = () => requests.map(({ socket }) => socket.destroyed)
  for (const owner of ['whe_1', 'whe_2', 'whe_1']) await post(connections, url, { owner })
  expect(closed()).toEqual([false, false, false])
  await post(connections, url, { owner: 'whe_3' })
  await vi.waitFor(() => expect(closed()).toEqual([false, true, false, false]))
  await post(connections, url, { owner: 'whe_1' })
  expect(seen.connections).toBe(3)
})

it('does not count those that their receivers closed', async () => {
  const { url, seen, requests } = await receiverOf([])
  const connections = keeping({ most: 2, longestLifeMs: 60_000 })
  for (const owner of ['whe_1', 'whe_2']) await post(connections, url, { owner })
  const socket = requests[1]?.socket as Socket
  socket.end()
  await once(socket, 'close')
  for (const owner of ['whe_3', 'whe_1']) await post(connections, url, { owner })
  expect(seen.connections).toBe(3)
})

it('keeps none that is old', async () => {
  const { url, seen } = await receiverOf([])
  const connections = keeping({ most: 2, longestLifeMs: 0 })
  for (let i = 0; i < 2; i++) await post(connections, url)
  expect(seen.connections).toBe(2)
})

it('closes what it keeps when it is closed, and keeps nothing more', async () => {
  const { url, seen, allClosed } = await receiverOf([])
  const connections = keeping()
  await post(connections, url)
  connections.close()
  await allClosed()
  expect(await post(connections, url)).toMatchObject(answered)
  await allClosed()
  expect(seen.connections).toBe(2)
})

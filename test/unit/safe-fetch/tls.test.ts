import type { Socket } from 'node:net'
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keepConnections } from '../../../src/lib/safe-fetch/kept-connections.ts'
import { postSafely } from '../../../src/lib/safe-fetch/post-safely.ts'
import { issueCertificate } from '../../support/certificates.ts'
import { startNameServer } from '../../support/name-server.ts'
import { startReceiver } from '../../support/raw-receiver.ts'

const day = 86_400_000
const authority = issueCertificate({ names: ['An Authority'], authority: true })
const unknown = issueCertificate({ names: ['Another Authority'], authority: true })
const certificates = {
  good: issueCertificate({ names: ['hooks.example.com'], by: authority }),
  expired: issueCertificate({
    names: ['hooks.example.com'],
    by: authority,
    from: new Date(Date.now() - 9 * day),
    until: new Date(Date.now() - 8 * day),
  }),
  early: issueCertificate({
    names: ['hooks.example.com'],
    by: authority,
    from: new Date(Date.now() + day),
    until: new Date(Date.now() + 2 * day),
  }),
  other: issueCertificate({ names: ['other.example.com', '127.0.0.1', 'localhost'], by: authority }),
  selfSigned: issueCertificate({ names: ['hooks.example.com'] }),
  strange: issueCertificate({ names: ['hooks.example.com'], by: unknown }),
}

const usual = getCACertificates('default')
let nameServer: Awaited<ReturnType<typeof startNameServer>>
beforeAll(async () => {
  setDefaultCACertificates([...usual, authority.certificate])
  nameServer = await startNameServer(() => ['127.0.0.1'])
})
afterAll(async () => {
  setDefaultCACertificates(usual)
  await nameServer.close()
})

async function secureReceiver(which: keyof typeof certificates) {
  const { certificate, keyText } = certificates[which]
  const greeted: unknown[] = []
  const received: string[] = []
  const receiver = await startReceiver(
    (socket: Socket) => {
      const secure = socket as TLSSocket & { servername: string }
      greeted.push({
        name: secure.servername,
        protocol: secure.alpnProtocol,
        resumed: secure.isSessionReused(),
      })
      socket.on('data', (bytes) => {
        received.push(String(bytes))
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
      })
    },
    { tls: { cert: certificate, key: keyText, ALPNProtocols: ['h2', 'http/1.1'] } },
  )
  return { ...receiver, greeted, received }
}

const post = (url: string, totalMs = 15_000, more: object = {}) =>
  postSafely({
    url,
    headers: {},
    body: '{}',
    rules: { allowInsecure: false, allowPrivateAddresses: true, nameServers: [nameServer.address] },
    totalMs,
    readBytes: 65_536,
    keepBytes: 2_048,
    ...more,
  })

it('asks for the name and checks its certificate, though it connects to the address', async () => {
  const { port, greeted, close } = await secureReceiver('good')
  for (let i = 0; i < 2; i++)
    expect(await post(`https://hooks.example.com:${port}/`)).toMatchObject({ status: 200, kept: 'ok' })
  const greeting = { name: 'hooks.example.com', protocol: 'http/1.1', resumed: false }
  expect(greeted).toEqual([greeting, greeting])
  await close()
})

it.each(['expired', 'early', 'other', 'selfSigned', 'strange'] as const)(
  'sends nothing where the certificate is %s',
  async (which) => {
    const { port, seen, received, close } = await secureReceiver(which)
    expect(await post(`https://hooks.example.com:${port}/`)).toMatchObject({
      outcome: 'failed',
      failure: 'tls_failed',
    })
    expect(seen.connections).toBe(1)
    expect(received).toEqual([])
    await close()
  },
)

it('takes no certificate of a name for an address', async () => {
  const { port, received, close } = await secureReceiver('good')
  expect(await post(`https://127.0.0.1:${port}/`)).toMatchObject({ failure: 'tls_failed' })
  expect(received).toEqual([])
  await close()
})

it('tells a port that does not speak TLS', async () => {
  const plain = await startReceiver((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  })
  expect(await post(`https://hooks.example.com:${plain.port}/`)).toMatchObject({ failure: 'tls_failed' })
  await plain.close()
})

it('ends with the total when the handshake hangs', async () => {
  const hanging = await startReceiver((socket) => {
    socket.resume()
  })
  const posted = await post(`https://hooks.example.com:${hanging.port}/`, 200)
  expect(posted).toMatchObject({ outcome: 'failed', failure: 'timed_out' })
  await hanging.allClosed()
  await hanging.close()
})

it('keeps a connection, and greets once more where its receiver said goodbye instead of answering', async () => {
  const { certificate, keyText } = certificates.good
  let requests = 0
  const receiver = await startReceiver(
    (socket) => {
      socket.on('data', () => {
        if (++requests === 3) socket.end()
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
      })
    },
    { tls: { cert: certificate, key: keyText } },
  )
  const connections = keepConnections()
  const postKept = () =>
    post(`https://hooks.example.com:${receiver.port}/`, 15_000, { keeping: { connections, owner: 'whe_1' } })
  for (let i = 0; i < 2; i++) expect(await postKept()).toMatchObject({ status: 200 })
  expect(receiver.seen.connections).toBe(1)
  expect(await postKept()).toMatchObject({ status: 200 })
  expect([receiver.seen.connections, requests]).toEqual([2, 4])
  connections.close()
  await receiver.close()
})

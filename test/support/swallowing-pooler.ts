import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

const notification = 'A'.charCodeAt(0)
const header = 5

/** A proxy before PostgreSQL that passes everything but notices, as a pooler of transactions does (unencrypted). */
export async function startSwallowingPooler(url: string) {
  const sockets = new Set<Socket>()
  let swallowed = 0
  let isSilent = false

  const server = createServer({ allowHalfOpen: true }, (client) => {
    const { port, hostname } = new URL(url)
    const upstream = connect(Number(port), hostname)
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy()).on('end', () => isSilent || other.end())
    }
    client.on('data', (bytes) => isSilent || upstream.write(bytes))
    let rest: Buffer = Buffer.alloc(0)
    upstream.on('data', (bytes) => {
      rest = Buffer.concat([rest, bytes])
      while (rest.length >= header && rest.length > rest.readInt32BE(1)) {
        const message = rest.subarray(0, rest.readInt32BE(1) + 1)
        rest = rest.subarray(message.length)
        if (message[0] === notification) swallowed++
        else if (!isSilent) client.write(message)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const through = new URL(url)
  through.port = String((server.address() as AddressInfo).port)
  return {
    url: through.href,
    swallowed: () => swallowed,
    /** From now on nothing passes, and not even a goodbye is answered. */
    goSilent() {
      isSilent = true
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

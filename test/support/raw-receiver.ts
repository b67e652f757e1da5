import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'

/** A server that does to each connection what the test says, and counts connections and bytes sent. */
export async function startReceiver(
  receive: (socket: Socket) => void,
  { host = '127.0.0.1', port: wanted = 0, tls }: { host?: string; port?: number; tls?: TlsOptions } = {},
) {
  const open = new Set<Socket>()
  const seen = { connections: 0, bytesSent: 0, texts: [] as string[] }
  const server: Server = tls ? createTlsServer(tls) : createServer()
  server.on('connection', (socket: Socket) => {
    seen.connections++
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      seen.bytesSent += socket.bytesWritten
      open.delete(socket)
    })
  })
  server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    socket.on('error', () => {})
    receive(socket)
  })
  server.listen(wanted, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const allClosed = () =>
    Promise.all([...open].map((socket) => new Promise((closed) => socket.once('close', closed))))
  return {
    port,
    url: `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    seen,
    /** Once the other side is gone from every connection; only who reads notices that. */
    allClosed,
    close: async () => {
      server.close()
      for (const socket of open) socket.destroy()
      if (server.listening) await once(server, 'close')
    },
  }
}

/** Answers each request, once its body is there, with exactly these bytes, and closes. */
export function answering(text: string | Buffer) {
  return (socket: Socket) => {
    socket.once('data', () => socket.end(text))
  }
}

/** Writes `piece` for as long as the other side takes it. */
export function endless(head: string, piece: string | Buffer) {
  return (socket: Socket) => {
    const write = () => {
      while (!socket.destroyed && socket.write(piece)) {}
    }
    socket.once('data', () => {
      socket.write(head)
      socket.on('drain', write)
      write()
    })
  }
}

/** Sends a piece every 20 ms for ever, so that no single read takes long. */
export function dripping(head: string, piece: string) {
  return (socket: Socket) => {
    socket.once('data', () => {
      socket.write(head)
      const timer = setInterval(() => socket.write(piece), 20)
      socket.on('close', () => clearInterval(timer))
    })
  }
}

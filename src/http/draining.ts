import type { Socket } from 'node:net'
import type { App } from './server.ts'

/**
 * Lets a stop end as soon as the requests in flight are answered: their connections are told to close, and those that
 * never said anything (browsers open some in advance) are closed. Node by itself waits for both to time out.
 */
export function drainOnClose(app: App): void {
  const connections = new Set<Socket>()
  let isStopping = false
  app.server.on('connection', (socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  app.addHook('preClose', async () => {
    isStopping = true
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy()
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (isStopping) reply.header('connection', 'close')
    done()
  })
}

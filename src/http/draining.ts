import type { Socket } from 'node:net'
import type { Context } from '../context.ts'
import type { App } from './server.ts'

declare module 'fastify' {
  interface FastifyReply {
    /** Whether this answer tells its connection to close. */
    isLastOfConnection: () => boolean
  }
}

/**
 * Lets a stop drop no request and still end. From its beginning each answer tells its connection to close, so that those in use
 * are gone before the rest is closed: a request that meets a closing connection is lost, and a proxy cannot send it again
 * unless it is idempotent. At its end, connections that never said anything (browsers open some in advance) are closed.
 */
export function drainOnStop(app: App, ctx: Context): void {
  const connections = new Set<Socket>()
  let isClosing = false
  app.server.on('connection', (socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  app.addHook('preClose', async () => {
    isClosing = true
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy()
  })
  app.decorateReply('isLastOfConnection', function () {
    // A connection that closes under a body that is still being sent would take the answer with it.
    return isClosing || (ctx.phase() === 'stopping' && this.request.raw.complete)
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (reply.isLastOfConnection()) reply.header('connection', 'close')
    done()
  })
}

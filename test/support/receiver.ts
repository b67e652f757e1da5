import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { TlsOptions } from 'node:tls'
import { startReceiver } from './raw-receiver.ts'

/** A request as it came; `body` is its exact text, `rawHeaders` their names as they were written, `fromPort` tells connections apart. */
export type Received = {
  method: string
  path: string
  headers: IncomingHttpHeaders
  rawHeaders: string[]
  body: string
  fromPort: number | undefined
}

/** `hang` keeps the connection open and says nothing; `reset` breaks it once the request is there. */
export type ReceiverAnswer =
  | number
  | { status: number; headers?: Record<string, string>; body?: string | Buffer }
  | 'hang'
  | 'reset'

type Programme = ReceiverAnswer | ((request: Received) => ReceiverAnswer | Promise<ReceiverAnswer>)

/**
 * A receiver of webhooks: real HTTP on a port of its own, or HTTPS with `tls`. It answers 204 until told otherwise,
 * and what `raw-receiver.ts` counts, it counts too. A programmed function may wait for whatever the test wants.
 */
export async function startWebhookReceiver({ tls }: { tls?: TlsOptions } = {}) {
  const requests: Received[] = []
  let programme: Programme[] = [204]
  const http = createServer(async (incoming, response) => {
    const { method = '', url: path = '', headers, rawHeaders } = incoming
    const fromPort = incoming.socket.remotePort
    const body = await text(incoming).catch(() => undefined)
    // Whoever hung up half-way sent no request.
    if (body === undefined) return
    const request = { method, path, headers, rawHeaders, body, fromPort }
    requests.push(request)
    http.emit('received')
    const next = (programme.length > 1 ? programme.shift() : programme[0]) ?? 204
    answerWith(response, typeof next === 'function' ? await next(request) : next)
  })
  http.on('clientError', () => {})
  const raw = await startReceiver((socket) => http.emit('connection', socket), tls ? { tls } : {})
  return {
    ...raw,
    requests,
    /** The next requests get these in turn, and the last of them from then on. */
    answers: (...given: Programme[]) => {
      programme = given
    },
    /** All requests, once so many are there. */
    received: async (count: number) => {
      while (requests.length < count) await once(http, 'received')
      return requests
    },
  }
}

function answerWith(response: ServerResponse, answer: ReceiverAnswer): void {
  if (answer === 'hang') return
  if (answer === 'reset') return void response.socket?.resetAndDestroy()
  const { status, headers = {}, body = '' } = typeof answer === 'number' ? { status: answer } : answer
  response.writeHead(status, headers).end(body)
}

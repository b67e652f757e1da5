import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { Webhook } from 'standardwebhooks'
import { call } from '../../support/http.ts'

/** What a receiver does once a request is there: the first three answer 2xx, in full or at least for long enough. */
export const behaviours = ['accept', 'gzip', 'endless', 'fail', 'reset', 'hang', 'drip'] as const
export type Behaviour = (typeof behaviours)[number]

/** One request as the receiver of an endpoint saw it. Times are milliseconds of the history's clock. */
export type Arrival = {
  path: string
  webhookId: string
  body: string
  isSigned: boolean
  behaviour: Behaviour
  begin: number
  /** When the exchange was over, whoever ended it; undefined while it goes on. */
  end?: number | undefined
}

export const isAccepted = ({ behaviour }: Arrival) => ['accept', 'gzip', 'endless'].includes(behaviour)

/** Mostly good, at times broken; those that hang are for suites of their own, since nothing ends them for fifteen seconds. */
export const behaviourOf = (random: () => number) => (): Behaviour => {
  const drawn = random()
  if (drawn < 0.04) return 'fail'
  if (drawn < 0.08) return 'reset'
  if (drawn < 0.12) return 'gzip'
  return drawn < 0.13 ? 'endless' : 'accept'
}

/** How many bytes an answer unpacks to, which nobody should do. */
const unpackedBytes = 20_000_000
const packed = gzipSync(Buffer.alloc(unpackedBytes))
const piece = 'x'.repeat(65_536)
const marker = '/marker'

/** A real HTTP server that plays every receiver, told apart by path; `choose` says what each does to its next request. */
export async function startReceivers(choose: (path: string) => Behaviour) {
  const secrets = new Map<string, string>()
  const arrivals: Arrival[] = []
  let listener = (_arrival: Arrival): unknown => undefined
  const server = createServer(async (request, response) => {
    const { url: path = '', headers } = request
    if (path === marker) return void response.end()
    const body = await text(request).catch(() => undefined)
    // Whoever hung up half-way sent no request.
    if (body === undefined) return
    const arrival: Arrival = {
      path,
      webhookId: String(headers['webhook-id']),
      body,
      isSigned: isSigned(body, request, secrets.get(path)),
      behaviour: choose(path),
      begin: performance.now(),
    }
    arrivals.push(arrival)
    response.on('close', () => {
      arrival.end = performance.now()
    })
    await listener(arrival)
    if (!response.destroyed) behave(response, arrival.behaviour)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    arrivals,
    /** The address of an endpoint, from its path. */
    urlOf: (path: string) => `http://127.0.0.1:${port}${path}`,
    /** Signatures on this path are made with the secret. */
    expectSecret: (path: string, secret: string) => void secrets.set(path, secret),
    /** Called when a request is there and before it is answered, which waits for what is returned. */
    onArrival(then: (arrival: Arrival) => unknown) {
      listener = then
    },
    /** Resolves when whatever was sent before has been read, also what a process sent that is dead by now. */
    caughtUp: () => call(port, { path: marker }),
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

export type Receivers = Awaited<ReturnType<typeof startReceivers>>

function isSigned(body: string, { headers }: IncomingMessage, secret: string | undefined): boolean {
  if (secret === undefined) return false
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>)
    return true
  } catch {
    return false
  }
}

function behave(response: ServerResponse, behaviour: Behaviour): void {
  switch (behaviour) {
    case 'accept':
      return void response.writeHead(204).end()
    case 'gzip':
      return void response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed)
    case 'endless':
      return void writeForever(response.writeHead(200))
    case 'fail':
      return void response.writeHead(500).end('no')
    case 'reset':
      return void response.socket?.resetAndDestroy()
    case 'drip': {
      response.writeHead(200)
      const timer = setInterval(() => response.write('.'), 50)
      return void response.on('close', () => clearInterval(timer))
    }
    case 'hang':
  }
}

function writeForever(response: ServerResponse): void {
  const write = () => {
    while (!response.destroyed && response.write(piece)) {}
  }
  response.on('drain', write)
  write()
}

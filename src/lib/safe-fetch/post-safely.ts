import { performance } from 'node:perf_hooks'
import { type Answer, type Connection, exchange, openConnection } from './exchange.ts'
import { type Failure, failureOf } from './failures.ts'
import { type AddressRules, judgeAddress } from './judge-address.ts'
import type { KeptConnections } from './kept-connections.ts'

type Request = {
  url: string
  headers: Record<string, string>
  body: string | Uint8Array
  rules: AddressRules
  /** Gives up at once, as when the service stops. */
  signal?: AbortSignal
  /** From the look-up of the name to the last byte that is read. */
  totalMs: number
  /** After so many bytes of a body the connection is closed, and the answer counts as complete. */
  readBytes: number
  keepBytes: number
  keeping?: Keeping
}

/** Where the connection waits for the next request of the same owner to the same URL; without it, it is closed. */
export type Keeping = { connections: KeptConnections; owner: string }

type Failed = { failure: Failure; detail: string }

/** `detail` is for our log, `failures[failure]` is what the tenant is told. */
export type Posted = { latencyMs: number } & (
  | ({ outcome: 'answered' } & Answer)
  | ({ outcome: 'failed' } & Failed)
)

/**
 * Posts to an address that a tenant chose: the only door for that. The address is judged, then connected to or found
 * connected; a redirect is an answer like any other, nothing is decompressed, and no proxy of the environment is asked.
 * Whatever goes wrong out there is a `failed`, never thrown.
 */
export async function postSafely(request: Request): Promise<Posted> {
  const began = performance.now()
  const ending = new AbortController()
  const timer = setTimeout(() => ending.abort('timed_out' satisfies Failure), request.totalMs)
  const stop = () => ending.abort('stopped' satisfies Failure)
  request.signal?.addEventListener('abort', stop, { once: true })
  if (request.signal?.aborted) stop()
  try {
    const result = await judgeAndSend(request, ending.signal)
    const latencyMs = Math.round(performance.now() - began)
    return 'failure' in result
      ? { outcome: 'failed', ...result, latencyMs }
      : { outcome: 'answered', ...result, latencyMs }
  } finally {
    clearTimeout(timer)
    request.signal?.removeEventListener('abort', stop)
  }
}

async function judgeAndSend(request: Request, signal: AbortSignal): Promise<Answer | Failed> {
  try {
    signal.throwIfAborted()
    const judgement = await judgeAddress(request.url, request.rules, signal)
    signal.throwIfAborted()
    const { keeping } = request
    const addresses = judgement.verdict === 'accepted' ? judgement.addresses : []
    const kept = keeping?.connections.take({ owner: keeping.owner, url: request.url }, addresses)
    if (judgement.verdict !== 'accepted') {
      const failure = judgement.verdict === 'refused' ? 'address_refused' : 'name_unresolved'
      return { failure, detail: judgement.reason }
    }
    const { url } = judgement
    if (kept) {
      const before = kept.socket?.bytesRead
      const result = await send(kept, url, request, signal)
      // Most likely its receiver closed it before the request was there, and there is no other sign of that.
      const isUnanswered = 'failure' in result && kept.socket?.bytesRead === before
      if (!isUnanswered || signal.aborted) return result
    }
    return await send(openConnection(url, addresses), url, request, signal)
  } catch (error) {
    if (signal.aborted) return { failure: signal.reason, detail: 'before a connection' }
    throw error
  }
}

async function send(
  connection: Connection,
  url: URL,
  { headers, body, readBytes, keepBytes, keeping, url: text }: Request,
  signal: AbortSignal,
): Promise<Answer | Failed> {
  let staysOpen = keeping !== undefined
  signal.addEventListener('abort', connection.close, { once: true })
  try {
    const path = url.pathname + url.search
    const sent = { path, headers, body, readBytes, keepBytes, staysOpen }
    const { isClean, ...answer } = await exchange(connection, sent)
    staysOpen &&= isClean && !signal.aborted
    if (keeping && staysOpen) keeping.connections.give({ owner: keeping.owner, url: text }, connection)
    return answer
  } catch (error) {
    staysOpen = false
    if (signal.aborted) return { failure: signal.reason, detail: `while ${connection.phase}` }
    const { code = '', message } = error as NodeJS.ErrnoException
    // A mistake of our own, as a header that cannot be one.
    if (connection.phase === 'connecting' && (code === '' || code === 'UND_ERR_INVALID_ARG')) throw error
    return { failure: failureOf(code, connection.phase), detail: message || code }
  } finally {
    signal.removeEventListener('abort', connection.close)
    if (!staysOpen) connection.close()
  }
}

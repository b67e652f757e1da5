import { performance } from 'node:perf_hooks'
import { Client } from 'undici'
import { answerText, retryAfterSeconds } from './answer-text.ts'
import { type Failure, failureOf } from './failures.ts'
import { type Connection, guardedConnect } from './guarded-connect.ts'
import { type AddressRules, judgeAddress } from './judge-address.ts'

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
}

// Headers, and the framing of a body that comes in small chunks.
const mostBytesAround = 196_608

type Answer = { status: number; retryAfterSeconds?: number; kept: string }
type Failed = { failure: Failure; detail: string }

/** `detail` is for our log, `failures[failure]` is what the tenant is told. */
export type Posted = { latencyMs: number } & (
  | ({ outcome: 'answered' } & Answer)
  | ({ outcome: 'failed' } & Failed)
)

/**
 * Posts to an address that a tenant chose: the only door for that. The address is judged and then connected to, on a
 * connection of its own; a redirect is an answer like any other, nothing is decompressed, and no proxy of the
 * environment is asked. Whatever goes wrong out there is a `failed`, never thrown.
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
  const connection: Connection = { phase: 'connecting' }
  try {
    signal.throwIfAborted()
    const judgement = await judgeAddress(request.url, request.rules, signal)
    if (judgement.verdict !== 'accepted') {
      const failure = judgement.verdict === 'refused' ? 'address_refused' : 'name_unresolved'
      return { failure, detail: judgement.reason }
    }
    signal.throwIfAborted()
    return await send(judgement.url, judgement.addresses, request, { signal, connection })
  } catch (error) {
    if (signal.aborted) return { failure: signal.reason, detail: `while ${connection.phase}` }
    const { code = '', message } = error as NodeJS.ErrnoException
    // A mistake of our own, as a header that cannot be one.
    if (connection.phase === 'connecting' && (code === '' || code === 'UND_ERR_INVALID_ARG')) throw error
    return { failure: failureOf(code, connection.phase), detail: message || code }
  }
}

async function send(
  url: URL,
  addresses: string[],
  { headers, body, readBytes, keepBytes }: Request,
  { signal, connection }: { signal: AbortSignal; connection: Connection },
): Promise<Answer> {
  const client = new Client(url.origin, {
    connect: guardedConnect(addresses, readBytes + mostBytesAround, connection),
    // Both count from byte to byte; the signal counts the whole.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  // undici asks a signal only once it is connected, and a handshake can hang as long as any answer.
  const giveUp = () => connection.socket?.destroy(new Error('given up'))
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    const answer = await client.request({
      method: 'POST',
      path: url.pathname + url.search,
      headers,
      body,
      reset: true,
      signal,
    })
    const start = await readStart(answer.body, { readBytes, keepBytes })
    const wait = retryAfterSeconds(String(answer.headers['retry-after'] ?? ''), new Date())
    return {
      status: answer.statusCode,
      ...(wait !== undefined && { retryAfterSeconds: wait }),
      kept: answerText(start),
    }
  } finally {
    signal.removeEventListener('abort', giveUp)
    void client.destroy()
  }
}

async function readStart(
  body: AsyncIterable<Uint8Array>,
  { readBytes, keepBytes }: { readBytes: number; keepBytes: number },
): Promise<Uint8Array> {
  const kept: Uint8Array[] = []
  let read = 0
  for await (const chunk of body) {
    if (read < keepBytes) kept.push(Uint8Array.from(chunk.subarray(0, keepBytes - read)))
    read += chunk.length
    if (read >= readBytes) break
  }
  return Buffer.concat(kept)
}

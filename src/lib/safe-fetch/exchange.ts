import type { IncomingHttpHeaders } from 'node:http'
import { Client } from 'undici'
import { answerText, retryAfterSeconds } from './answer-text.ts'
import { type Connected, guardedConnect } from './guarded-connect.ts'

/** A connection to one origin, for one request after the other; once it is closed it stays so. */
export type Connection = Connected & { client: Client; openedAtMs: number; close(): void }

/** What one request sends, and how much of its answer counts. */
export type Exchange = {
  path: string
  headers: Record<string, string>
  body: string | Uint8Array
  /** After so many bytes of a body the answer counts as it is. */
  readBytes: number
  keepBytes: number
  /** Whether the connection is to stay open if the receiver wants it, too. */
  staysOpen: boolean
}

export type Answer = { status: number; retryAfterSeconds?: number; kept: string }

// Headers, and the framing of a body that comes in small chunks.
const mostBytesAround = 196_608
// Shorter than most receivers keep a connection, so that it is hardly ever they who close it.
const longestIdleMs = 4_000
// Nobody answers a webhook with more, unless to try what happens.
const mostBytesOfSmall = 8_192

/** Prepares a connection to the addresses that were judged for this URL; it is made by the first request. */
export function openConnection(url: URL, addresses: string[]): Connection {
  const connected: Connected = { phase: 'connecting', mostBytes: 0 }
  const client = new Client(url.origin, {
    connect: guardedConnect(addresses, connected),
    // Both count from byte to byte; who asks counts the whole.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: longestIdleMs,
    keepAliveMaxTimeout: longestIdleMs,
  })
  const close = () => {
    // undici waits for a handshake, which can hang as long as any answer. Without an error an answer could seem complete.
    connected.socket?.destroy(new Error('closed here'))
    void client.destroy()
  }
  return Object.assign(connected, { client, openedAtMs: performance.now(), close })
}

/**
 * Sends one request and reads the start of its answer. Rejects with what undici or the socket says. `isClean` tells that
 * the connection is fit for another: the answer was a success, plain, small and complete.
 */
export function exchange(
  connection: Connection,
  { path, headers, body, readBytes, keepBytes, staysOpen }: Exchange,
): Promise<Answer & { isClean: boolean }> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer & { isClean: boolean }>()
  const bytesCame = () => connection.socket?.bytesRead ?? 0
  const before = bytesCame()
  connection.mostBytes = before + readBytes + mostBytesAround
  const kept: Uint8Array[] = []
  let read = 0
  let status = 0
  let answered: IncomingHttpHeaders = {}
  function end(isWhole: boolean): void {
    const wait = retryAfterSeconds(String(answered['retry-after'] ?? ''), new Date())
    const isSuccess = status >= 200 && status < 300
    const isPlain = answered['content-encoding'] === undefined
    resolve({
      status,
      ...(wait !== undefined && { retryAfterSeconds: wait }),
      kept: answerText(Buffer.concat(kept)),
      isClean: isWhole && isSuccess && isPlain && bytesCame() - before <= mostBytesOfSmall,
    })
  }
  // Not `request`, whose stream of the body takes as long as all the rest.
  connection.client.dispatch(
    { method: 'POST', path, headers, body, reset: !staysOpen },
    {
      onRequestStart() {},
      // Of early hints, too; the last is the answer.
      onResponseStart(_, statusCode, given) {
        status = statusCode
        answered = given
      },
      onResponseData(_, chunk) {
        if (read < keepBytes) kept.push(Uint8Array.from(chunk.subarray(0, keepBytes - read)))
        read += chunk.length
        if (read >= readBytes) end(false)
      },
      onResponseEnd: () => end(true),
      onResponseError: (_, error) => reject(error),
    },
  )
  return promise
}

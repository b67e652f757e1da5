import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import type { Context } from '../context.ts'
import { AppError } from '../errors.ts'
import type { App } from './server.ts'

type Answer = {
  /** Of whom so many answers may be under way at once. */
  key: string
  headers: Record<string, string>
  /** Begins the work; what it throws, or the first text, is refused as ever. */
  start: () => Promise<AsyncGenerator<string>>
}
export type SendStream = (reply: FastifyReply, answer: Answer) => Promise<FastifyReply>

const mostAtOnce = 4
/** How long a caller may take nothing, and a stop waits; tests shorten it. */
const patience = { longestStallMs: 60_000, finishWithinMs: 10_000 }

/**
 * Makes a way to send answers of any length, each as fast as its caller takes it. A caller who goes away, or takes nothing for a
 * minute, ends it. What fails in the middle cuts the connection, and so does a stop that can wait no longer: nobody takes a part
 * for the whole.
 */
export function streaming(
  app: App,
  { log }: Pick<Context, 'log'>,
  { longestStallMs, finishWithinMs } = patience,
): SendStream {
  const underWay = new Map<ServerResponse, string>()
  let isClosing = false
  function cut(response: ServerResponse, reason: string): void {
    log.warn({ reason }, 'an answer was cut short')
    response.destroy()
  }
  app.addHook('preClose', async () => {
    isClosing = true
    const areOver = Promise.all(
      [...underWay.keys()].map((response) => once(response, 'close').catch(() => undefined)),
    )
    await Promise.race([areOver, wait(finishWithinMs, undefined, { ref: false })])
    for (const response of underWay.keys()) cut(response, 'the service stops')
  })

  return async (reply, { key, headers, start }) => {
    const { raw, request } = reply
    if (isClosing) throw stopping()
    if ([...underWay.values()].filter((other) => other === key).length >= mostAtOnce) throw tooMany()
    underWay.set(raw, key)
    raw.once('close', () => underWay.delete(raw))
    raw.setTimeout(longestStallMs, () => cut(raw, 'the caller takes nothing'))
    const texts = await start()
    const first = await texts.next()
    const stream = Readable.from(restOf(first, texts))
    stream.once('error', (err) => log.warn({ requestId: request.id, err }, 'an answer was cut short'))
    return reply.headers(headers).send(stream)
  }
}

const stopping = () =>
  new AppError('service_unavailable', 'The service is stopping.', { retryAfterSeconds: 1 })

const tooMany = () =>
  new AppError('rate_limited', 'So many of these are under way already. Try again when one is over.', {
    retryAfterSeconds: 10,
  })

async function* restOf(first: IteratorResult<string, unknown>, texts: AsyncGenerator<string>) {
  if (first.done) return
  yield first.value
  yield* texts
}

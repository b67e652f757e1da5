import { once } from 'node:events'
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
const longestStallMs = 60_000
const finishWithinMs = 10_000

/**
 * Makes a way to send answers of any length, each as fast as its caller takes it. A caller who goes away, or takes nothing for a
 * minute, ends it. What fails in the middle cuts the connection, and so does a stop that can wait no longer: nobody takes a part
 * for the whole.
 */
export function streaming(app: App, { log }: Context): SendStream {
  const underWay = new Set<{ key: string; stream?: Readable }>()
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
    const streams = [...underWay].flatMap(({ stream }) => stream ?? [])
    const areOver = Promise.all(streams.map((stream) => once(stream, 'close').catch(() => undefined)))
    await Promise.race([areOver, wait(finishWithinMs, undefined, { ref: false })])
    for (const { stream } of underWay) stream?.destroy(new Error('the service stops'))
  })

  return async (reply, { key, headers, start }) => {
    if (isClosing) throw stopping()
    if ([...underWay].filter((one) => one.key === key).length >= mostAtOnce) throw tooMany()
    const one: { key: string; stream?: Readable } = { key }
    underWay.add(one)
    try {
      const texts = await start()
      const first = await texts.next()
      const stream = Readable.from(restOf(first, texts))
      one.stream = stream
      stream.once('close', () => underWay.delete(one))
      stream.once('error', (err) => log.warn({ requestId: reply.request.id, err }, 'an answer was cut short'))
      reply.raw.setTimeout(longestStallMs, () => stream.destroy(new Error('the caller takes nothing')))
      if (isClosing) stream.destroy(stopping())
      return reply.headers(headers).send(stream)
    } catch (error) {
      underWay.delete(one)
      throw error
    }
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

import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { afterEach, expect, it } from 'vitest'
import { AppError } from '../../src/errors.ts'
import { makeServer } from '../../src/http/server.ts'
import { streaming } from '../../src/http/streams.ts'
import { contextOn } from '../support/spine.ts'

const megabyte = 'x'.repeat(1_000_000)

let stop = async () => {}
afterEach(() => stop())

/** A server with one route that sends what `texts` makes; no query is sent to the database that it names. */
async function serve(
  texts: () => AsyncGenerator<string>,
  patience = { longestStallMs: 60_000, finishWithinMs: 60_000 },
) {
  const lines: string[] = []
  const { ctx, database } = contextOn('postgres://nobody@127.0.0.1:1/nothing')
  const app = makeServer(ctx)
  const log = pino({ base: null }, { write: (line: string) => void lines.push(line) })
  const send = streaming(app, { log }, patience)
  app.get('/', (_request, reply) =>
    send(reply, { key: 'one', headers: { 'content-type': 'text/plain' }, start: async () => texts() }),
  )
  app.setErrorHandler((error, _request, reply) => reply.code(500).send((error as AppError).code))
  await app.listen({ port: 0, host: '127.0.0.1' })
  stop = async () => {
    await app.close()
    await database.close()
  }
  return { app, lines, port: (app.server.address() as AddressInfo).port }
}

/** An answer that is not read yet. */
async function begin(port: number): Promise<http.IncomingMessage> {
  const request = http.get({ host: '127.0.0.1', port })
  const [response] = await once(request, 'response')
  response.pause()
  return response
}

async function readAll(response: http.IncomingMessage): Promise<number> {
  let length = 0
  for await (const chunk of response) length += chunk.length
  return length
}

async function* endless() {
  for (;;) yield megabyte
}

it('cuts what a stop can wait for no longer', async () => {
  const { app, lines, port } = await serve(endless, { longestStallMs: 60_000, finishWithinMs: 50 })
  const response = await begin(port)
  await app.close()
  await expect(readAll(response)).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(lines.join('')).toContain('the service stops')
})

it('lets a stop wait for what comes to its end', async () => {
  const { promise: end, resolve } = Promise.withResolvers<void>()
  const { app, port } = await serve(async function* () {
    yield megabyte
    await end
    yield megabyte
  })
  const response = await begin(port)
  const closing = app.close()
  resolve()
  expect(await readAll(response)).toBe(2_000_000)
  await closing
})

it('ends where the caller takes nothing for too long', async () => {
  let isOver = false
  const { lines, port } = await serve(
    async function* () {
      try {
        yield* endless()
      } finally {
        isOver = true
      }
    },
    { longestStallMs: 300, finishWithinMs: 60_000 },
  )
  const response = await begin(port)
  await expect.poll(() => isOver, { timeout: 20_000 }).toBe(true)
  expect(lines.join('')).toContain('the caller takes nothing')
  await expect(readAll(response)).rejects.toMatchObject({ code: 'ECONNRESET' })
})

it('refuses what fails before anything was sent, and gives its place back', async () => {
  const { port } = await serve(async function* () {
    yield* []
    throw new AppError('service_unavailable', 'Not now.')
  })
  for (let count = 0; count < 6; count++) {
    const response = await begin(port)
    expect(response.statusCode).toBe(500)
    expect(response.headers['content-type']).not.toBe('text/plain')
    await readAll(response)
  }
})

it('sends nothing where there is nothing', async () => {
  const { port } = await serve(async function* () {
    yield* []
  })
  const response = await begin(port)
  expect([response.statusCode, await readAll(response)]).toEqual([200, 0])
})

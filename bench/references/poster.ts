import { createServer } from 'node:http'
import { Client, Pool } from 'undici'
import { listening, options } from './options.ts'

const { url, body, atOnce } = options
const { origin, pathname } = new URL(url)
const pool = new Pool(origin, { connections: atOnce })
const request = {
  method: 'POST',
  path: pathname,
  headers: { 'content-type': 'application/json' },
  body,
} as const

async function postKeptAlive(): Promise<void> {
  const answer = await pool.request(request)
  await answer.body.dump()
}

async function postAlone(): Promise<void> {
  const client = new Client(origin)
  const answer = await client.request({ ...request, reset: true })
  await answer.body.dump()
  void client.destroy()
}

/** Posts as often as it is asked to, and answers how many times per second that was. */
createServer(async ({ url: asked = '' }, response) => {
  const { pathname: how, searchParams } = new URL(asked, 'http://poster')
  const post = how === '/alone' ? postAlone : postKeptAlive
  const count = Number(searchParams.get('count'))
  const begunAt = performance.now()
  let next = 0
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next++ < count) await post()
    }),
  )
  response.end(JSON.stringify({ perSecond: (count / (performance.now() - begunAt)) * 1_000 }))
}).listen(listening)

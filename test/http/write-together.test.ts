import { setImmediate as nextTurn } from 'node:timers/promises'
import Fastify from 'fastify'
import { expect, it } from 'vitest'
import { writeTogether } from '../../src/http/write-together.ts'

it('holds what is answered at once until the turn is over, and nothing that comes later', async () => {
  const corked: number[] = []
  const app = Fastify()
  app.addHook('onRequest', async (request) => writeTogether(request))
  app.get('/now', (request, reply) => {
    corked.push(request.raw.socket.writableCorked)
    reply.send('now')
  })
  app.get('/later', async (request) => {
    await nextTurn()
    await nextTurn()
    corked.push(request.raw.socket.writableCorked)
    return 'later'
  })
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  const texts = await Promise.all(['/now', '/later'].map(async (path) => (await fetch(base + path)).text()))
  expect(texts).toEqual(['now', 'later'])
  expect(corked).toEqual([1, 0])
  await app.close()
})

it('is not disturbed by a caller who is gone before the turn is over', async () => {
  const app = Fastify()
  app.addHook('onRequest', async (request) => writeTogether(request))
  app.get('/gone', (request) => void request.raw.socket.destroy())
  app.get('/', async () => 'here')
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  await expect(fetch(`${base}/gone`)).rejects.toThrow()
  expect(await (await fetch(base)).text()).toBe('here')
  await app.close()
})

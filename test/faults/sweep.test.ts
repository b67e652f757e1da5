import { randomUUID } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import { type FaultProxy, startFaultProxy, type Verdict } from '../support/fault-proxy.ts'
import type { Answer } from '../support/http.ts'
import { type DocumentedRoute, documentedRoutes, filled } from '../support/routes.ts'
import { startWorld } from '../support/world.ts'
import { extent, fewOrAll } from './harness/extent.ts'
import { expectToComeAgain, makeScene, requests, type Scene } from './harness/requests.ts'
import { stateOf } from './harness/state.ts'

let proxy: FaultProxy
const world = startWorld({
  async through(appUrl) {
    proxy = await startFaultProxy(appUrl)
    return proxy.url
  },
})
afterAll(() => proxy?.stop())

const mostQueries = 60
// A short run leaves two of three out, each time others.
const step = extent.isLong ? 1 : 3
const listens = (texts: string[]) => texts.some((text) => /^listen/i.test(text))

/** Fails the first query of a route, then the second and so on, until it is not reached: each time all or nothing. */
async function sweep(scene: Scene, route: DocumentedRoute, verdict: Verdict): Promise<number> {
  const prepare = requests[route.name]
  if (!prepare) throw new Error(`${route.name} has no request in harness/requests.ts`)
  const ready = async () => {
    const { caller, body, values = {}, query } = await prepare(scene)
    const headers = { 'idempotency-key': randomUUID() }
    const path = filled(route.path, values) + (query ? `?${new URLSearchParams(query)}` : '')
    return () => caller.call({ method: route.method, path, body, headers })
  }
  let send = await ready()
  for (let n = extent.isLong ? 0 : extent.seed % step; n < mostQueries; n += step) {
    await world.ctx.batches.flush()
    await world.sql('delete from guess_locks')
    const before = route.method === 'GET' ? {} : await stateOf(world)
    const trap = proxy.setTrap({ matches: ({ link }) => !listens(link.texts), skip: n, verdict })
    const answer = await send()
    trap.remove()
    const what = `${route.name} whose query ${n + 1} met ${JSON.stringify(verdict)}`
    if (!trap.isCaught()) {
      expect(route.successes, what).toContain(answer.status)
      return n
    }
    if (await failedWhole(answer, before, `${what} (${(await trap.caught).text.slice(0, 60)})`, send))
      continue
    send = await ready()
  }
  throw new Error(`${route.name} asks more than ${mostQueries} queries`)
}

/** Whether nothing happened. Otherwise everything did, and the caller knows or finds out by asking again. */
async function failedWhole(
  answer: Answer,
  before: Record<string, string>,
  what: string,
  again: () => Promise<Answer>,
): Promise<boolean> {
  const isHarmless = answer.status < 300
  if (!isHarmless && what.startsWith('GET /healthz')) expect(answer.status).toBe(503)
  else if (!isHarmless) expectToComeAgain(answer, what)
  const after = Object.keys(before).length > 0 ? await stateOf(world) : before
  const isUntouched = JSON.stringify(after) === JSON.stringify(before)
  if (isUntouched && !isHarmless) return true
  if (isHarmless) return false
  // Only a lost answer to COMMIT leaves a change behind a refusal.
  const moved = Object.keys(after).filter((table) => after[table] !== before[table])
  expect(what, `moved ${moved}`).toMatch(/lose answer.*\(commit\)$/)
  const repeated = await again()
  expect(repeated.status, `${what}, repeated`).toBeLessThan(500)
  if (repeated.headers['idempotent-replayed']) expect(await stateOf(world), what).toEqual(after)
  return false
}

describe('a query that fails', () => {
  it('is tried on every route there is', async () => {
    const names = (await documentedRoutes(world)).map(({ name }) => name)
    expect(Object.keys(requests).sort()).toEqual(names.sort())
  })

  it.each(fewOrAll<Verdict>(['lose answer', 'cut', { sqlState: '57014' }, { sqlState: '53100' }]))(
    'with %j: every route says 503 or is unharmed, nothing is half done, and asking again succeeds',
    { timeout: 600_000 },
    async (verdict) => {
      const flaws: string[] = []
      // What is only read is the same for all who read it.
      const shared = await makeScene(world)
      for (const route of await documentedRoutes(world)) {
        const scene = route.method === 'GET' ? shared : await makeScene(world)
        await sweep(scene, route, verdict).catch((error: Error) => flaws.push(error.message))
      }
      expect(flaws).toEqual([])
    },
  )
})

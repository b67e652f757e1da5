import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Arena, openArena } from './harness/arena.ts'
import { extent } from './harness/extent.ts'
import { killsAndRestarts } from './harness/troubles.ts'
import { duplicates } from './harness/webhook-invariants.ts'

/** How many events there are at the least before the run ends. */
const mostEvents = extent.isLong ? 10_000 : 400
/** Between one strike and the next, at most. */
const restMs = extent.isLong ? 10_000 : 3_000

let arena: Arena

beforeAll(async () => {
  const size = { perSecond: extent.isLong ? 80 : 50, workspaces: extent.isLong ? 60 : 20, replicas: 2 }
  arena = await openArena({ seed: extent.seed, ...size, changesOnly: true, mayGoUnanswered: true })
})
afterAll(() => arena?.close())

/** Kills one of the two replicas or, a little less often, PostgreSQL. */
async function strike(): Promise<string> {
  const { random, services } = arena
  const service = services[Math.floor(random() * 3)]
  if (service) {
    await arena.kill(service)
    await wait(random() * 1_000)
    await arena.serve(service)
    return 'a replica is killed'
  }
  const trouble = killsAndRestarts[Math.floor(random() * killsAndRestarts.length)]
  if (!trouble) return ''
  await arena.endure(trouble.happen(arena, { ms: 0, times: 3 }), trouble.name)
  return trouble.name
}

it(`delivers ${mostEvents} events while replicas and PostgreSQL are killed`, {
  timeout: 3_600_000,
}, async () => {
  const strikes = new Map<string, number>()
  for (;;) {
    await wait(arena.random() * restMs)
    const what = await strike()
    strikes.set(what, (strikes.get(what) ?? 0) + 1)
    const [row] = await arena.asSuperuser('select count(*)::int as events from events')
    if (row?.events >= mostEvents) break
  }
  const flaws = await arena.verdict()
  const { arrivals } = arena.receivers
  const [row] =
    await arena.asSuperuser(`select (select count(*)::int from events) as events, count(*)::int as deliveries
    from webhook_deliveries`)
  const again = duplicates({ arrivals })
  const facts = { seed: extent.seed, ...row, requests: arrivals.length, duplicates: again }
  process.stdout.write(`${JSON.stringify({ ...facts, ...Object.fromEntries(strikes) })}\n`)
  expect(flaws, `seed ${extent.seed}, ${arena.history.file}`).toEqual([])
})

it('ends in order', async () => {
  expect(await arena.close()).toEqual({ code: 0, signal: null })
})

import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Arena, openArena } from './harness/arena.ts'
import { extent } from './harness/extent.ts'
import { killsAndRestarts, troubles } from './harness/troubles.ts'

let arena: Arena

beforeAll(async () => {
  const perSecond = extent.isLong ? 100 : 50
  arena = await openArena({ seed: extent.seed, perSecond, workspaces: extent.isLong ? 40 : 15 })
})
afterAll(() => arena?.close())

it.each(troubles)('$name: the service lives, says 503, and recovers', async ({ happen }) => {
  await arena.endure(happen(arena, extent.isLong ? { ms: 10_000, times: 20 } : { ms: 3_000, times: 5 }))
})

it('lives through kills and restarts at random moments', { timeout: 3_600_000 }, async () => {
  for (let round = 1; round <= (extent.rounds || 3); round++) {
    await wait(arena.random() * 1_000)
    const trouble = killsAndRestarts[Math.floor(arena.random() * killsAndRestarts.length)]
    if (!trouble) continue
    await arena.endure(trouble.happen(arena, { ms: 0, times: 3 })).catch((cause) => {
      throw new Error(`round ${round} of seed ${extent.seed}: after ${trouble.name}`, { cause })
    })
  }
})

it('has kept everything it acknowledged, and nothing half done', { timeout: 600_000 }, async () => {
  expect(await arena.verdict(), `seed ${extent.seed}, ${arena.history.file}`).toEqual([])
  expect(arena.history.entries.length).toBeGreaterThan(200)
})

it('ends in order', async () => {
  expect(await arena.close()).toEqual({ code: 0, signal: null })
})

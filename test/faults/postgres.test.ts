import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Arena, openArena } from './harness/arena.ts'
import { troubles } from './harness/troubles.ts'

let arena: Arena

beforeAll(async () => {
  arena = await openArena({ seed: Date.now(), perSecond: 60, workspaces: 20 })
})
afterAll(() => arena?.close())

it.each(troubles)('$name: the service lives, says 503, and recovers', async ({ happen }) => {
  await happen(arena, { ms: 3_000, times: 5 })
  await arena.recovery()
})

it('has kept everything it acknowledged, and nothing half done', async () => {
  expect(await arena.verdict()).toEqual([])
  expect(arena.history.entries.length).toBeGreaterThan(200)
})

import { expect, it } from 'vitest'
import { remainingMs, withDeadline, withoutDeadline } from '../../src/lib/deadline.ts'

it('ends at the time that was asked for or a moment before, whoever asked before', () => {
  for (const ms of [1_000, 1_010, 4_500, 1_000, 20]) {
    const asked = performance.now() + ms
    const endsAt = withDeadline(asked, () => remainingMs() + performance.now())
    expect(endsAt).toBeGreaterThan(asked - 50)
    expect(endsAt).toBeLessThan(asked + 500)
  }
})

it('holds for what is started within and for nothing else', async () => {
  const later = async () => {
    await null
    return remainingMs()
  }
  const [inside, outside] = await Promise.all([withDeadline(performance.now() + 1_000, later), later()])
  expect(inside).toBeLessThan(1_100)
  expect(outside).toBe(Number.POSITIVE_INFINITY)
  expect(withDeadline(0, () => withoutDeadline(remainingMs))).toBe(Number.POSITIVE_INFINITY)
})

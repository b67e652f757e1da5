import { expect, it } from 'vitest'
import { waitSeconds } from '../../../src/features/webhooks/schedule.ts'

const scheduled = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
const numbered = scheduled.map((seconds, index) => [index + 1, seconds] as const)
const randoms = [...Array.from({ length: 100 }, (_, i) => i / 100), 1 - 2 ** -53]
const failed = { status: 500 }

it('waits as scheduled, ten attempts in 75 hours', () => {
  const waits = numbered.map(([attempts]) => waitSeconds(attempts, failed, () => 0.5))
  expect(waits.map((wait) => Math.round(wait ?? 0))).toEqual(scheduled)
  expect(Math.floor(waits.reduce<number>((sum, wait) => sum + (wait ?? 0), 0) / 3_600)).toBe(75)
})

it('is over after the tenth attempt, and after those that somebody asked for beyond it', () => {
  for (const attempts of [10, 11, 500]) expect(waitSeconds(attempts, failed, () => 0.5)).toBeUndefined()
})

it.each(numbered)('spreads wait %i evenly over 20 %% to either side', (attempts, seconds) => {
  const waits = randoms.map((random) => waitSeconds(attempts, failed, () => random) ?? 0)
  expect(waits[0]).toBeCloseTo(seconds * 0.8)
  expect(waits.at(-1)).toBeCloseTo(seconds * 1.2)
  expect(waits).toEqual([...waits].sort((a, b) => a - b))
  const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length
  expect(mean / seconds).toBeCloseTo(1, 2)
})

const asked = [0, 1, 4, 5, 6, 9, 10, 11, 299, 450, 3_600, 86_400, 999_999_999]

it.each([429, 503])('lets Retry-After of %i lengthen a wait, to twice itself at most', (status) => {
  for (const [attempts] of numbered)
    for (const random of randoms)
      for (const retryAfterSeconds of asked) {
        const usual = waitSeconds(attempts, failed, () => random) ?? 0
        const wait = waitSeconds(attempts, { status, retryAfterSeconds }, () => random) ?? 0
        expect(wait).toBeGreaterThanOrEqual(usual)
        expect(wait).toBeLessThanOrEqual(2 * usual)
        // What was asked, wherever these two allow it.
        if (retryAfterSeconds >= usual && retryAfterSeconds <= 2 * usual) expect(wait).toBe(retryAfterSeconds)
        else expect([usual, 2 * usual]).toContain(wait)
        if (retryAfterSeconds > 2 * usual) expect(wait).toBe(2 * usual)
      }
})

it.each([null, 301, 400, 404, 410, 500, 502, 504])('lets no other answer do so: %s', (status) => {
  for (const retryAfterSeconds of asked)
    expect(waitSeconds(2, { status, retryAfterSeconds }, () => 0.5)).toBe(300)
})

it('gives no eleventh attempt for Retry-After', () => {
  expect(waitSeconds(10, { status: 429, retryAfterSeconds: 60 }, () => 0.5)).toBeUndefined()
})

import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { memoryWindows } from '../../src/http/rate-limits/memory-windows.ts'
import type { Count } from '../../src/http/rate-limits/windows.ts'
import { projectRoot, run } from '../support/spawned.ts'

const windowMs = 60_000
let at = 3_600_000
const windows = (places?: number) =>
  memoryWindows({ now: () => at, windowMs, ...(places === undefined ? {} : { places }) })

/** What is told, which is told before the call returns. */
function counted(count: Count, caller: string, detail = ''): [seen: number, msLeft: number] | undefined {
  let told: [number, number] | undefined
  count(caller, detail, (...all) => {
    told = all
  })
  return told
}
const seen = (count: Count, caller: string, detail?: string) => counted(count, caller, detail)?.[0]

describe('a window', () => {
  it('is never told to be longer than it is, though a clock of fractions rounds', () => {
    for (const fraction of [5538.63, 5539.740000000001, 5540.85]) {
      const count = memoryWindows({ now: () => fraction, windowMs })('a')
      expect(counted(count, 'b')?.[1]).toBe(windowMs)
    }
  })

  it('begins with the first request and ends after its time', () => {
    const count = windows()('a')
    expect([counted(count, 'b'), counted(count, 'b')]).toEqual([
      [1, windowMs],
      [2, windowMs],
    ])
    at += windowMs - 1
    expect(counted(count, 'b')).toEqual([3, 1])
    at += 1
    expect(counted(count, 'b')).toEqual([1, windowMs])
  })

  it('belongs to one bucket, one caller and one detail', () => {
    const all = windows()
    const texts = ['', '1', '1.2.3.4', '1.2.3.45', '5', '45', '1.2.3.4 5', ' ', 'é', '\u0000', '\u0000\u0000']
    for (const bucket of texts)
      for (const caller of texts)
        for (const detail of texts)
          expect(seen(all(bucket), caller, detail), JSON.stringify([bucket, caller, detail])).toBe(1)
    expect(seen(all('1.2.3.4'), '1.2.3.4', '5')).toBe(2)
  })

  it('is not told by addresses or keys that look alike', () => {
    const count = windows()('a')
    for (let first = 0; first < 64; first++)
      for (let last = 0; last < 256; last++) {
        expect(seen(count, `10.0.${first}.${last}`)).toBe(1)
        expect(seen(count, `2001:db8:${first}:${last.toString(16)}::/64`)).toBe(1)
        expect(seen(count, '10.1.1.1', `pk_live_${String(first * 256 + last).padStart(32, '0')}`)).toBe(1)
      }
  })
})

describe('a full table', () => {
  const places = 1_024

  it('is no larger than it was made, whatever comes', () => {
    const count = windows(places)('a')
    for (let fresh = 0; fresh < 100 * places; fresh++) counted(count, `fresh ${fresh}`)
    let kept = 0
    for (let fresh = 0; fresh < 100 * places; fresh++) if ((seen(count, `fresh ${fresh}`) ?? 0) > 1) kept++
    expect(kept).toBeLessThanOrEqual(places)
  })

  it('keeps who asked more than once through any flood of callers that ask once', () => {
    const count = windows(places)('a')
    const busy = Array.from({ length: 50 }, (_, number) => `busy ${number}`)
    for (const caller of [...busy, ...busy]) counted(count, caller)
    for (let fresh = 0; fresh < 100 * places; fresh++) counted(count, `fresh ${fresh}`)
    expect(busy.map((caller) => seen(count, caller))).toEqual(busy.map(() => 3))
  })

  it('gives the place of the oldest of those who asked as rarely', () => {
    const count = windows(8)('a')
    for (let caller = 0; caller < 8; caller++) {
      at++
      counted(count, `${caller}`)
    }
    for (const caller of ['one more', 'another', 'a third']) {
      at++
      counted(count, caller)
    }
    for (const kept of ['3', '7', 'one more', 'another', 'a third']) expect(seen(count, kept), kept).toBe(2)
    for (const gone of ['0', '1', '2']) expect(seen(count, gone), gone).toBe(1)
  })

  it('gives the places of windows that are over first, however often their callers asked', () => {
    const count = windows(8)('a')
    for (let times = 0; times < 5; times++) counted(count, 'long ago')
    at += windowMs
    for (let caller = 0; caller < 8; caller++) counted(count, `${caller}`)
    expect(Array.from({ length: 8 }, (_, caller) => seen(count, `${caller}`))).toEqual(Array(8).fill(2))
  })
})

it('takes less than 50 MB for a million addresses, networks and keys each, and forgets nobody who keeps asking', {
  timeout: 120_000,
}, async () => {
  const program = path.join(import.meta.dirname, 'million-callers.ts')
  const { output } = await run(process.execPath, ['--expose-gc', program], { cwd: projectRoot })
  const { busyCount, addedBytes } = JSON.parse(output)
  expect(busyCount).toBe(3_000)
  expect(addedBytes).toBeLessThan(50_000_000)
})

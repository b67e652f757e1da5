import { randomFillSync } from 'node:crypto'
import type { Windows } from './windows.ts'

// Two million places of 16 bytes: room for every caller that one process can answer in a minute.
const mostPlaces = 2 ** 21
const placesPerSet = 8

type Options = { now: () => number; windowMs: number; places?: number }

/**
 * Counts in memory that never grows, at once and without a promise. A hash of bucket and caller, keyed anew by each process,
 * leads to a set of eight places and is known there by 32 more bits. A caller who finds the set full of running windows takes
 * the place of the one with the fewest requests, of several the oldest: a flood of fresh callers displaces those who ask as
 * rarely as itself, and never one who keeps asking while there are others.
 */
export function memoryWindows({ now, windowMs, places = mostPlaces }: Options): Windows {
  const [key = 0, otherKey = 0] = randomFillSync(new Int32Array(2))
  const identities = new Int32Array(places)
  const counts = new Uint32Array(places)
  const ends = new Float64Array(places)

  let hash = 0
  let otherHash = 0
  const digest = (text: string) => {
    let [one, other] = [hash, otherHash]
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at)
      one = Math.imul(one ^ code, 0x9e3779b1)
      other = Math.imul(other ^ code, 0x5f356495)
    }
    // After each text, so that `1.2.3.4` and `5` are another caller than `1.2.3.45` and nothing.
    hash = mixed(one)
    otherHash = mixed(other)
  }

  function placeOf(at: number): number {
    const first = (hash & (places / placesPerSet - 1)) * placesPerSet
    let free = first
    let fewest = Number.POSITIVE_INFINITY
    for (let place = first; place < first + placesPerSet; place++) {
      const end = ends[place] ?? 0
      const isRunning = end > at
      if (isRunning && identities[place] === otherHash) return place
      const count = isRunning ? (counts[place] ?? 0) : 0
      if (count < fewest || (count === fewest && end < (ends[free] ?? 0))) {
        fewest = count
        free = place
      }
    }
    identities[free] = otherHash
    counts[free] = 0
    ends[free] = at + windowMs
    return free
  }

  return (bucket) => {
    hash = key
    otherHash = otherKey
    digest(bucket)
    const [start, otherStart] = [hash, otherHash]
    return (caller, detail, counted) => {
      hash = start
      otherHash = otherStart
      digest(caller)
      digest(detail)
      const at = now()
      const place = placeOf(at)
      const count = (counts[place] ?? 0) + 1
      counts[place] = count
      // No longer than a window: the sum in `ends` was rounded.
      counted(count, Math.min(windowMs, (ends[place] ?? 0) - at))
    }
  }
}

/** Spreads what is in each bit over all bits. */
function mixed(bits: number): number {
  const half = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad)
  const whole = Math.imul(half ^ (half >>> 15), 0x735a2d97)
  return whole ^ (whole >>> 15)
}

import { type Entry, type Facts, isDone } from './history.ts'

/** One request that made, or may have made, a place hold a value. */
export type Write = { value: Facts[string]; begin: number; end: number; isDone: boolean }

/** Every write by the place it changed, in the order in which they began; the load never has two at once in one place. */
export function writesByPlace(entries: Entry[]): Map<string, Write[]> {
  const firstBegins = new Map<string, number>()
  const writes = new Map<string, Write[]>()
  for (const entry of entries) {
    const { end, idempotencyKey: key } = entry
    // A replay tells what was done by an earlier request with its key.
    const begin = Math.min(entry.begin, (key && firstBegins.get(key)) || entry.begin)
    if (key) firstBegins.set(key, begin)
    for (const [place, value] of Object.entries(entry.made ?? {})) {
      const ofPlace = writes.get(place) ?? []
      ofPlace.push({ value, begin, end, isDone: isDone(entry) })
      writes.set(place, ofPlace)
    }
  }
  for (const ofPlace of writes.values()) ofPlace.sort((a, b) => a.begin - b.begin || a.end - b.end)
  return writes
}

/**
 * What somebody may find in a place who looks between two times: the last value that was acknowledged before, and every
 * later one that is not known to have come too late. Empty when nobody can tell.
 */
export function possibleValues(writes: Write[], from: number, to: number): Set<Facts[string]> {
  const last = writes.findLastIndex((write) => write.isDone && write.end < from)
  if (last === -1) return new Set()
  return new Set(
    writes
      .slice(last)
      .filter(({ begin }) => begin < to)
      .map(({ value }) => value),
  )
}

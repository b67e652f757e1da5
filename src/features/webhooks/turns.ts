export type Turn = { endpoints: string[]; after: string; mostEndpoints: number }

export type Turns = {
  begin(endpointId: string): void
  end(endpointId: string): void
  busy(): { busy: string[]; busyWith: number[] }
  /** Wants a walk over all endpoints that begins from now on. */
  walk(): void
  /** Whom to ask next; undefined when nobody can have anything. */
  next(): Turn | undefined
  /** What a turn gave: `from` names an endpoint per delivery; `isCut` tells that no place was left, so there may be more. */
  took(turn: Turn, result: { next: string; isCut: boolean; from: string[] }): void
}

/**
 * Whose turn it is. Walks find endpoints that have something; those that gave as much as they may are asked again as soon as
 * one of their places is free, a walk and they by turns, so that neither waits for the other.
 */
export function takeTurns({
  mostPerEndpoint,
  mostEndpoints,
}: {
  mostPerEndpoint: number
  mostEndpoints: number
}): Turns {
  const inFlight = new Map<string, number>()
  // The one that was asked longest ago comes first.
  const mayHaveMore = new Set<string>()
  let isWalkWanted = false
  let isWalking = false
  let after = ''
  let wasWalk = false

  const placesOf = (endpointId: string) => mostPerEndpoint - (inFlight.get(endpointId) ?? 0)

  function withPlaces(): string[] {
    const found: string[] = []
    for (const endpointId of mayHaveMore) {
      if (placesOf(endpointId) > 0) found.push(endpointId)
      if (found.length === mostEndpoints) break
    }
    return found
  }

  return {
    begin: (endpointId) => void inFlight.set(endpointId, (inFlight.get(endpointId) ?? 0) + 1),
    end(endpointId) {
      const left = (inFlight.get(endpointId) ?? 1) - 1
      if (left > 0) inFlight.set(endpointId, left)
      else inFlight.delete(endpointId)
    },
    busy: () => ({ busy: [...inFlight.keys()], busyWith: [...inFlight.values()] }),
    walk() {
      isWalkWanted = true
    },
    next() {
      const endpoints = withPlaces()
      const mayWalk = isWalking || isWalkWanted
      if (!mayWalk && endpoints.length === 0) return undefined
      wasWalk = mayWalk && !(wasWalk && endpoints.length > 0)
      if (!wasWalk) return { endpoints, after: '', mostEndpoints: 0 }
      if (!isWalking) {
        isWalking = true
        isWalkWanted = false
        after = ''
      }
      return { endpoints: [], after, mostEndpoints }
    },
    took(turn, { next, isCut, from }) {
      const counts = Map.groupBy(from, (endpointId) => endpointId)
      const asked = isCut ? counts.keys() : new Set([...turn.endpoints, ...counts.keys()])
      for (const endpointId of asked) {
        const isFull = isCut || (counts.get(endpointId)?.length ?? 0) >= placesOf(endpointId)
        mayHaveMore.delete(endpointId)
        if (isFull) mayHaveMore.add(endpointId)
      }
      if (turn.mostEndpoints === 0) return
      // Where it was cut it goes on behind the last that gave something, and comes again.
      isWalkWanted ||= isCut
      if (isCut) after = from.toSorted().at(-1) ?? after
      else after = next
      isWalking = isCut || next !== ''
    },
  }
}

/** Whom a claim asks, and for how many: each of `known` for so many as it has places, every other for `places`. */
export type Turn = {
  endpoints: string[]
  after: string
  mostEndpoints: number
  known: string[]
  knownPlaces: number[]
  places: number
}

type Taken = {
  /** Where the walk goes on; '' after its end. */
  next: string
  /** No place was left, so there may be more anywhere. */
  isCut: boolean
  /** The endpoint of each delivery. */
  from: string[]
}

export type Turns = {
  begin(endpointId: string): void
  /** One that takes what it gets may get more at once, the double each time. */
  end(endpointId: string, succeeded: boolean): void
  /** Wants a walk over all endpoints that begins from now on. */
  walk(): void
  /** Undefined when nobody can have anything. */
  next(): Turn | undefined
  took(turn: Turn, taken: Taken): void
}

type Bounds = {
  /** Places of an endpoint that nothing is known of, and most of one that takes everything. */
  places: { first: number; most: number }
  mostEndpoints: number
}

/**
 * Whose turn it is. Walks find endpoints that have something; those that gave as much as they were asked for are asked again as
 * soon as one of their places is free. Walks and they take turns, so that neither waits for the other.
 */
export function takeTurns({ places, mostEndpoints }: Bounds): Turns {
  const known = new Map<string, { inFlight: number; places: number }>()
  // The one that was asked longest ago comes first.
  const mayHaveMore = new Set<string>()
  let isWalkWanted = false
  let isWalking = false
  let after = ''
  let wasWalk = false

  const get = (endpointId: string) => known.get(endpointId) ?? { inFlight: 0, places: places.first }
  const freePlaces = (endpointId: string) => {
    const { inFlight, places } = get(endpointId)
    return Math.max(0, places - inFlight)
  }
  const forgetIdle = (endpointId: string) => {
    if (get(endpointId).inFlight === 0 && !mayHaveMore.has(endpointId)) known.delete(endpointId)
  }

  function withPlaces(): string[] {
    const found: string[] = []
    for (const endpointId of mayHaveMore) {
      if (freePlaces(endpointId) > 0) found.push(endpointId)
      if (found.length === mostEndpoints) break
    }
    return found
  }

  return {
    begin(endpointId) {
      const endpoint = get(endpointId)
      known.set(endpointId, { ...endpoint, inFlight: endpoint.inFlight + 1 })
    },
    end(endpointId, succeeded) {
      const endpoint = get(endpointId)
      const allowed = succeeded ? Math.min(places.most, endpoint.places * 2) : places.first
      known.set(endpointId, { inFlight: endpoint.inFlight - 1, places: allowed })
      forgetIdle(endpointId)
    },
    walk() {
      isWalkWanted = true
    },
    next() {
      const endpoints = withPlaces()
      const mayWalk = isWalking || isWalkWanted
      if (!mayWalk && endpoints.length === 0) return undefined
      const ids = [...known.keys()]
      const asked = { known: ids, knownPlaces: ids.map(freePlaces), places: places.first }
      wasWalk = mayWalk && !(wasWalk && endpoints.length > 0)
      if (!wasWalk) return { endpoints, after: '', mostEndpoints: 0, ...asked }
      if (!isWalking) {
        isWalking = true
        isWalkWanted = false
        after = ''
      }
      return { endpoints: [], after, mostEndpoints, ...asked }
    },
    took(turn, { next, isCut, from }) {
      const counts = Map.groupBy(from, (endpointId) => endpointId)
      for (const endpointId of new Set([...turn.endpoints, ...counts.keys()])) {
        const given = counts.get(endpointId)?.length ?? 0
        // Of then, not of now: places that came free since were not asked for.
        const asked = turn.knownPlaces[turn.known.indexOf(endpointId)] ?? turn.places
        const mayHave = given >= asked || isCut
        if (given > 0 || !mayHave) mayHaveMore.delete(endpointId)
        if (mayHave) mayHaveMore.add(endpointId)
        forgetIdle(endpointId)
      }
      if (turn.mostEndpoints === 0) return
      // Where it was cut it goes on behind the last that gave something, and comes again.
      isWalkWanted ||= isCut
      after = isCut ? (from.toSorted().at(-1) ?? after) : next
      isWalking = isCut || next !== ''
    },
  }
}

import type { ClaimedDelivery } from './claim-queries.ts'

/** Whom a claim asks, and for how many: each of `known` for so many as it has places, every other for `places`. */
export type Turn = {
  endpoints: string[]
  after: string
  mostEndpoints: number
  /** Organizations that get nothing. */
  passedOver: string[]
  known: string[]
  knownPlaces: number[]
  places: number
}

type Taken = {
  /** Where the walk goes on; '' after its end. */
  next: string
  /** No place was left, so there may be more anywhere. */
  isCut: boolean
  deliveries: Pick<ClaimedDelivery, 'endpoint_id' | 'organization_id'>[]
}

/** An attempt that is under way. */
type Begun = {
  /** Until others succeed, its endpoint has no more places than at first. */
  becomeSlow(): void
  /** One that takes what it gets may get more at once, the double each time. */
  end(succeeded: boolean): void
}

export type Turns = {
  begin(delivery: Pick<ClaimedDelivery, 'endpoint_id' | 'organization_id'>): Begun
  /** Wants a walk over all endpoints that begins from now on. */
  walk(): void
  /**
   * Passes over organizations that are `full`; undefined when nobody else can have anything. Where there is room for so many
   * deliveries only, those with more share it: an endpoint that gets a few at a time goes on using a few connections.
   */
  next(room: { full: Set<string>; mostDeliveries: number }): Turn | undefined
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
  const known = new Map<string, { organizationId: string; inFlight: number; places: number }>()
  // With their organizations; the one that was asked longest ago comes first.
  const mayHaveMore = new Map<string, string>()
  const passedOver = new Set<string>()
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

  function withPlaces(full: Set<string>): string[] {
    const found: string[] = []
    for (const [endpointId, organizationId] of mayHaveMore) {
      if (freePlaces(endpointId) > 0 && !full.has(organizationId)) found.push(endpointId)
      if (found.length === mostEndpoints) break
    }
    return found
  }

  function mayWalk(full: Set<string>): boolean {
    for (const organizationId of passedOver) {
      if (full.has(organizationId)) continue
      passedOver.delete(organizationId)
      isWalkWanted = true
    }
    return isWalking || isWalkWanted
  }

  return {
    begin({ endpoint_id: endpointId, organization_id: organizationId }) {
      const change = (by: { inFlight?: number; places?: number }) => {
        const { inFlight, places } = get(endpointId)
        known.set(endpointId, {
          organizationId,
          inFlight: inFlight + (by.inFlight ?? 0),
          places: by.places ?? places,
        })
      }
      change({ inFlight: 1 })
      return {
        becomeSlow: () => change({ places: places.first }),
        end(succeeded) {
          const doubled = Math.min(places.most, get(endpointId).places * 2)
          change({ inFlight: -1, places: succeeded ? doubled : places.first })
          forgetIdle(endpointId)
        },
      }
    },
    walk() {
      isWalkWanted = true
    },
    next({ full, mostDeliveries }) {
      const endpoints = withPlaces(full)
      const share = Math.max(places.first, Math.ceil(mostDeliveries / endpoints.length))
      const walks = mayWalk(full)
      if (!walks && endpoints.length === 0) return undefined
      const ids = [...known.keys()]
      const asked = {
        known: ids,
        knownPlaces: ids.map((id) => Math.min(share, freePlaces(id))),
        places: places.first,
        passedOver: [...full],
      }
      wasWalk = walks && !(wasWalk && endpoints.length > 0)
      if (!wasWalk) return { endpoints, after: '', mostEndpoints: 0, ...asked }
      if (!isWalking) {
        isWalking = true
        isWalkWanted = false
        after = ''
      }
      for (const organizationId of full) passedOver.add(organizationId)
      // It asks them for nothing, whatever they have.
      for (const [endpointId, { organizationId }] of known)
        if (freePlaces(endpointId) === 0) mayHaveMore.set(endpointId, organizationId)
      return { endpoints: [], after, mostEndpoints, ...asked }
    },
    took(turn, { next, isCut, deliveries }) {
      const given = Map.groupBy(deliveries, ({ endpoint_id }) => endpoint_id)
      for (const endpointId of new Set([...turn.endpoints, ...given.keys()])) {
        const got = given.get(endpointId) ?? []
        // Of then, not of now: places that came free since were not asked for.
        const asked = turn.knownPlaces[turn.known.indexOf(endpointId)] ?? turn.places
        const mayHave = got.length >= asked || isCut
        const organizationId = got[0]?.organization_id ?? mayHaveMore.get(endpointId)
        if (got.length > 0 || !mayHave) mayHaveMore.delete(endpointId)
        if (mayHave && organizationId !== undefined) mayHaveMore.set(endpointId, organizationId)
        forgetIdle(endpointId)
      }
      if (turn.mostEndpoints === 0) return
      // Where it was cut it goes on behind the last that gave something, and comes again.
      isWalkWanted ||= isCut
      after = isCut ? ([...given.keys()].sort().at(-1) ?? after) : next
      isWalking = isCut || next !== ''
    },
  }
}

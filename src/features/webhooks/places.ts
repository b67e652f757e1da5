/** One attempt's place. */
export type Place = {
  /** It takes long, so somebody else may have the place besides. */
  becomeSlow(): void
  giveBack(): void
}

export type Places = {
  take(organizationId: string): Place
  /** How many more attempts may begin. */
  free(): number
  /** Organizations that get no more for the moment. */
  full(): Set<string>
}

/**
 * Places for attempts, `most.quick` of them, and for as many as `most.slow` that take long others may have the place besides. An
 * organization gets no more while it holds more than it leaves to the others: alone half of each kind, of several each an equal
 * part. So one whose receivers all hang finds an end before the places do.
 */
export function sharePlaces(most: { quick: number; slow: number }): Places {
  type Held = { quick: number; slow: number }
  const all: Held = { quick: 0, slow: 0 }
  const organizations = new Map<string, Held>()

  const freeSlow = () => most.slow - all.slow
  const free = () => most.quick - all.quick + Math.min(0, freeSlow())

  return {
    take(organizationId) {
      const own = organizations.get(organizationId) ?? { quick: 0, slow: 0 }
      organizations.set(organizationId, own)
      let kind: keyof Held = 'quick'
      const count = (change: number) => {
        for (const held of [all, own]) held[kind] += change
      }
      count(1)
      return {
        becomeSlow() {
          count(-1)
          kind = 'slow'
          count(1)
        },
        giveBack() {
          count(-1)
          if (own.quick + own.slow === 0) organizations.delete(organizationId)
        },
      }
    },
    free,
    full() {
      const left = { quick: free(), slow: Math.max(0, freeSlow()) }
      const full = new Set<string>()
      for (const [organizationId, own] of organizations)
        if (own.quick >= left.quick || own.slow > left.slow) full.add(organizationId)
      return full
    },
  }
}

import { expect, it } from 'vitest'
import { type Place, sharePlaces } from '../../../src/features/webhooks/places.ts'

const start = () => sharePlaces({ quick: 8, slow: 16 })
type Places = ReturnType<typeof start>

/** Takes what it may until it is full. */
function fill(places: Places, organizationId: string, isSlow = false): Place[] {
  const taken: Place[] = []
  while (places.free() > 0 && !places.full().has(organizationId)) {
    const place = places.take(organizationId)
    if (isSlow) place.becomeSlow()
    taken.push(place)
  }
  return taken
}

it('gives one organization half, and the next half of what is left', () => {
  const places = start()
  expect(fill(places, 'a')).toHaveLength(4)
  expect(fill(places, 'b')).toHaveLength(2)
  expect(fill(places, 'c')).toHaveLength(1)
  expect(places.free()).toBe(1)
  expect([...places.full()]).toEqual(['a', 'b', 'c'])
})

it('gives the places of slow attempts to others, of one organization about half as many as may be slow', () => {
  const places = start()
  const slow = fill(places, 'a', true)
  expect(slow).toHaveLength(9)
  expect(places.free()).toBe(8)
  expect(fill(places, 'b')).toHaveLength(4)
  slow[0]?.giveBack()
  expect(places.full().has('a')).toBe(false)
})

it('serves who has nothing slow though as many are slow as may be', () => {
  const places = start()
  for (let number = 0; number < 17; number++) places.take(`slow ${number}`).becomeSlow()
  expect(places.free()).toBe(7)
  expect(places.full().has('slow 0')).toBe(true)
  expect(fill(places, 'a')).toHaveLength(4)
})

it('forgets who has nothing any more', () => {
  const places = start()
  for (const place of [...fill(places, 'a'), ...fill(places, 'b', true)]) place.giveBack()
  expect(places.free()).toBe(8)
  expect(places.full().size).toBe(0)
})

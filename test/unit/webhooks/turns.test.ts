import { expect, it } from 'vitest'
import { takeTurns } from '../../../src/features/webhooks/turns.ts'

const nobody = new Set<string>()

/** Whose turn it is, with attempts that are ended by the name of their endpoint. */
function start() {
  const turns = takeTurns({ places: { first: 2, most: 8 }, mostEndpoints: 3 })
  const begun = new Map<string, ReturnType<typeof turns.begin>[]>()
  return {
    ...turns,
    next: (full = nobody, mostDeliveries = 100) => turns.next({ full, mostDeliveries }),
    begin(endpointId: string) {
      begun.set(endpointId, [...(begun.get(endpointId) ?? []), turns.begin(deliveryTo(endpointId))])
    },
    end: (endpointId: string, succeeded: boolean) => begun.get(endpointId)?.shift()?.end(succeeded),
    becomeSlow: (endpointId: string) => begun.get(endpointId)?.[0]?.becomeSlow(),
  }
}
type Turns = ReturnType<typeof start>

const deliveryTo = (endpointId: string) => ({
  endpoint_id: endpointId,
  organization_id: `org of ${endpointId}`,
})

/** The next turn gives a delivery of each of these endpoints, which are then in flight. */
function take(turns: Turns, from: string[], { next = '', isCut = false, full = nobody } = {}) {
  const turn = turns.next(full)
  if (!turn) throw new Error('nobody has a turn')
  turns.took(turn, { next, isCut, deliveries: from.map(deliveryTo) })
  for (const endpointId of from) turns.begin(endpointId)
  return turn
}

it('has nobody to ask before a walk is wanted, and after one that found nothing', () => {
  const turns = start()
  expect(turns.next()).toBeUndefined()
  turns.walk()
  expect(take(turns, [])).toMatchObject({ endpoints: [], after: '', mostEndpoints: 3 })
  expect(turns.next()).toBeUndefined()
})

it('walks on to the end, and again where that was wanted meanwhile', () => {
  const turns = start()
  turns.walk()
  take(turns, [], { next: 'c' })
  turns.walk()
  expect(take(turns, [], { next: 'f' }).after).toBe('c')
  expect(take(turns, []).after).toBe('f')
  expect(take(turns, []).after).toBe('')
  expect(turns.next()).toBeUndefined()
})

it('asks who gave all that was asked for, once a place is free, until there is no more', () => {
  const turns = start()
  turns.walk()
  take(turns, ['a', 'a', 'b'])
  expect(turns.next()).toBeUndefined()
  turns.end('b', true)
  expect(turns.next()).toBeUndefined()
  turns.end('a', false)
  expect(take(turns, [])).toMatchObject({
    endpoints: ['a'],
    mostEndpoints: 0,
    known: ['a'],
    knownPlaces: [1],
  })
  turns.end('a', true)
  expect(turns.next()).toBeUndefined()
})

it('is not misled by places that came free while it was asking', () => {
  const turns = start()
  turns.walk()
  take(turns, ['a', 'a'])
  turns.end('a', false)
  const turn = turns.next()
  turns.end('a', false)
  if (turn) turns.took(turn, { next: '', isCut: false, deliveries: [deliveryTo('a')] })
  turns.begin('a')
  expect(turns.next()?.endpoints).toEqual(['a'])
})

it('gives more places to who takes everything, and the first again after a failure', () => {
  const turns = start()
  const places = () => turns.next()?.knownPlaces[0]
  turns.walk()
  take(turns, ['a', 'a'])
  turns.end('a', true)
  expect(places()).toBe(3)
  turns.end('a', true)
  expect(places()).toBe(8)
  take(turns, Array(8).fill('a'))
  turns.end('a', true)
  expect(places()).toBe(1)
  turns.end('a', false)
  expect(turns.next()).toBeUndefined()
})

it('takes what was more than at first from who begins to hang, until something is taken again', () => {
  const turns = start()
  turns.walk()
  take(turns, ['a', 'a'])
  turns.end('a', true)
  take(turns, ['a', 'a', 'a'])
  turns.becomeSlow('a')
  expect(turns.next()).toBeUndefined()
  turns.end('a', true)
  expect(turns.next()?.knownPlaces).toEqual([1])
})

it.each([
  ['begins to hang', (turns: Turns) => turns.becomeSlow('a')],
  ['failed', (turns: Turns) => turns.end('a', false)],
])('asks who had no place in a walk, since it %s, once one is free', (_what, loseAPlace) => {
  const turns = start()
  turns.walk()
  take(turns, ['a', 'a'])
  turns.end('a', true)
  take(turns, ['a', 'a'])
  loseAPlace(turns)
  expect(turns.next()).toBeUndefined()
  turns.walk()
  expect(take(turns, [])).toMatchObject({ known: ['a'], knownPlaces: [0] })
  expect(turns.next()).toBeUndefined()
  turns.end('a', true)
  expect(take(turns, []).endpoints).toEqual(['a'])
  expect(turns.next()).toBeUndefined()
})

it('passes over who has its share, and comes back once it has not any more', () => {
  const turns = start()
  const full = new Set(['org of a'])
  turns.walk()
  take(turns, ['a', 'a'])
  turns.end('a', true)
  expect(turns.next(full)).toBeUndefined()
  turns.walk()
  expect(take(turns, [], { full })).toMatchObject({ mostEndpoints: 3, passedOver: ['org of a'] })
  expect(turns.next(full)).toBeUndefined()
  expect(take(turns, ['a', 'a', 'a']).endpoints).toEqual(['a'])
  expect(take(turns, [])).toMatchObject({ mostEndpoints: 3, passedOver: [] })
})

it('lets walks and those with more take turns', () => {
  const turns = start()
  turns.walk()
  take(turns, ['a', 'a'], { next: 'c' })
  turns.end('a', true)
  expect(take(turns, ['a', 'a', 'a']).endpoints).toEqual(['a'])
  turns.end('a', true)
  expect(take(turns, [], { next: 'f' })).toMatchObject({ endpoints: [], after: 'c' })
  expect(take(turns, ['a']).endpoints).toEqual(['a'])
})

it('goes on behind the last that gave something where no place was left, and comes again', () => {
  const turns = start()
  turns.walk()
  take(turns, ['a', 'b'], { next: 'c', isCut: true })
  expect(take(turns, []).endpoints).toEqual(['a', 'b'])
  expect(take(turns, []).after).toBe('b')
  expect(take(turns, []).after).toBe('')
  expect(turns.next()).toBeUndefined()
})

it('shares what room there is among those with more, but gives each as many as at first', () => {
  const turns = start()
  const shares = (mostDeliveries: number) => turns.next(nobody, mostDeliveries)?.knownPlaces
  turns.walk()
  take(turns, ['a', 'a', 'b', 'b', 'c', 'c'])
  for (const endpointId of ['a', 'a', 'b', 'b', 'c', 'c']) turns.end(endpointId, true)
  expect(shares(100)).toEqual([8, 8, 8])
  expect(shares(13)).toEqual([5, 5, 5])
  expect(shares(1)).toEqual([2, 2, 2])
})

import { expect, it } from 'vitest'
import { takeTurns } from '../../../src/features/webhooks/turns.ts'

const start = () => takeTurns({ places: { first: 2, most: 8 }, mostEndpoints: 3 })
type Turns = ReturnType<typeof start>

/** The next turn gives a delivery of each of these endpoints, which are then in flight. */
function take(turns: Turns, from: string[], { next = '', isCut = false } = {}) {
  const turn = turns.next()
  if (!turn) throw new Error('nobody has a turn')
  turns.took(turn, { next, isCut, from })
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
  if (turn) turns.took(turn, { next: '', isCut: false, from: ['a'] })
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

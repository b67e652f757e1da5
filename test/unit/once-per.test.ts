import { expect, it } from 'vitest'
import { oncePer } from '../../src/lib/once-per.ts'

it('makes one thing per object, and none for its copies', () => {
  let count = 0
  const numberOf = oncePer((_of: { name: string }) => ++count)
  const one = { name: 'one' }
  expect([numberOf(one), numberOf(one), numberOf({ ...one })]).toEqual([1, 1, 2])
  expect(JSON.stringify(one)).toBe('{"name":"one"}')
})

it('keeps the things of two makers apart', () => {
  const shared = {}
  const first = oncePer((_of: object) => 'first')
  const second = oncePer((_of: object) => 'second')
  expect([first(shared), second(shared), first(shared)]).toEqual(['first', 'second', 'first'])
})

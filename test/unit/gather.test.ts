import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { gather } from '../../src/lib/gather.ts'

const asked: string[][] = []
const twice = gather(async (suffix: { text: string }, inputs: string[]) => {
  asked.push(inputs)
  if (inputs.includes('broken')) throw new Error('broken')
  return inputs.map((input) => input + suffix.text)
}, 3)

it('asks once for what belongs together, gives each its own, and begins anew when it is full or the turn is over', async () => {
  asked.length = 0
  const [one, other] = [{ text: '!' }, { text: '?' }]
  const first = ['a', 'b', 'c', 'd'].map((input) => twice(one, input))
  const elsewhere = twice(other, 'a')
  await nextTurn()
  const later = twice(one, 'e')
  expect(await Promise.all([...first, elsewhere, later])).toEqual(['a!', 'b!', 'c!', 'd!', 'a?', 'e!'])
  expect(asked).toEqual([['a', 'b', 'c'], ['d'], ['a'], ['e']])
})

it('throws for all that asked together, and for nobody after them', async () => {
  const context = { text: '' }
  const outcomes = await Promise.allSettled(['a', 'broken'].map((input) => twice(context, input)))
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await twice(context, 'a')).toBe('a')
})

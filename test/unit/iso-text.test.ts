import { expect, it } from 'vitest'
import { isoText } from '../../src/lib/iso-text.ts'

it.each([[0, 1, 1, 0, -1, 1_795_626_387_330]])(
  'writes each time as itself, whatever was written before',
  (...times) => {
    expect(times.map((at) => isoText(new Date(at)))).toEqual(times.map((at) => new Date(at).toISOString()))
  },
)

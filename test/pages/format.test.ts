import { describe, expect, it } from 'vitest'
import { counted, initials, relativeTime, utcTime, visible } from '../../src/pages/format.ts'

describe('times', () => {
  const now = Date.parse('2026-05-12T12:00:00Z')

  it.each([
    ['2026-05-12T11:59:30Z', 'just now'],
    ['2026-05-12T11:58:00Z', '2 min. ago'],
    ['2026-05-12T12:00:40Z', 'in under a minute'],
    ['2026-05-13T11:00:00Z', 'in 23 hr.'],
    ['2026-05-11T11:00:00Z', '1 day ago'],
    ['2024-05-01T00:00:00Z', '2 yr. ago'],
  ])('%s is %s', (at, words) => expect(relativeTime(at, now)).toBe(words))

  it('are written in UTC by the server', () => {
    expect(utcTime(new Date(now))).toBe('May 12, 2026, 12:00:00 PM UTC')
  })
})

it.each([
  ['Ada Lovelace', 'AL'],
  ['Acme & Sons of the North', 'AN'],
  ['northwind', 'NO'],
  ['Ö', 'Ö'],
  ['😀', '?'],
  ['', '?'],
])('initials of %j are %s', (name, letters) => expect(initials(name)).toBe(letters))

it('counts in words', () => {
  expect([counted(1, 'secret key'), counted(1200, 'project')]).toEqual(['1 secret key', '1,200 projects'])
})

it('spells out what hides, and nothing else', () => {
  expect(visible('a\u202eb\u0007')).toBe('a[U+202E]b[U+0007]')
  expect(visible('tab\tline\n👩‍👩‍👧 שלום می‌خواهم')).toBe('tab\tline\n👩‍👩‍👧 שלום می‌خواهم')
})

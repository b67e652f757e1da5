import { expect, it } from 'vitest'
import { answerText, retryAfterSeconds } from '../../../src/lib/safe-fetch/answer-text.ts'

it.each([
  ['plain', Buffer.from('Thanks, Zoë 👍\tyes\n'), 'Thanks, Zoë 👍\tyes\n'],
  ['line ends of HTTP', Buffer.from('a\r\nb\rc'), 'a\nb?c'],
  ['NUL, bell, escape and delete', Buffer.from('a\0b\x07c\x1b[31md\x7f'), 'a?b?c?[31md?'],
  ['the other control characters', Buffer.from('a\u0085b\u009bc'), 'a?b?c'],
  ['text that turns its direction', Buffer.from('a\u202eb\u2066c\u200fd\u2028e'), 'a?b?c?d?e'],
  ['bytes that are not UTF-8', Buffer.from([0x61, 0xff, 0xc0, 0x80, 0x62]), 'a???b'],
  ['a surrogate in UTF-8', Buffer.from([0xed, 0xa0, 0x80]), '???'],
  ['a character cut in half', Buffer.from('ab👍').subarray(0, 4), 'ab'],
  ['markup, which is for pages to escape', Buffer.from('<script>'), '<script>'],
  ['nothing', Buffer.alloc(0), ''],
])('keeps %s as text', (_what, bytes, text) => {
  expect(answerText(bytes)).toBe(text)
})

it('is never longer than the bytes were, and always what a database can keep', () => {
  for (let i = 0; i < 2_000; i++) {
    const bytes = Buffer.from(Array.from({ length: i % 97 }, (_, j) => (i * 31 + j * j * 17 + i * j) % 256))
    const text = answerText(bytes)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(bytes.length)
    expect(text.isWellFormed()).toBe(true)
    expect(text).not.toContain('\0')
  }
})

const now = new Date('2026-07-01T12:00:00.500Z')
it.each([
  ['0', 0],
  ['120', 120],
  ['Wed, 01 Jul 2026 12:01:00 GMT', 60],
  ['Wed, 01 Jul 2026 11:00:00 GMT', 0],
  [undefined, undefined],
  ['', undefined],
  ['-5', undefined],
  ['1.5', undefined],
  ['1e9', undefined],
  ['99999999999', undefined],
  ['soon', undefined],
  ['1, 2', undefined],
  ['2026-07-01', undefined],
])('reads Retry-After: %s', (header, seconds) => {
  expect(retryAfterSeconds(header, now)).toBe(seconds)
})

import { expect, it } from 'vitest'
import { csvLine } from '../../src/features/audit-log/csv.ts'
import { seeded } from '../faults/harness/random.ts'
import { parseCsv } from '../support/csv.ts'

it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\r=1', '\n=1', '＝1', `=cmd|' /C calc'!A0`, '="a","b"'])(
  'shows what a spreadsheet would calculate: %j',
  (text) => {
    expect(parseCsv(csvLine([text, 'x']))).toEqual([[`'${text}`, 'x']])
  },
)

it.each([
  ['a;=1+1;', `a;'=1+1;`],
  ['a; =1', `a; '=1`],
  ['\t=1', `'\t'=1`],
  ['a\t-1', `a\t'-1`],
  ['=1;=2', `'=1;'=2`],
])('shows what one with semicolons or tabs for separators would: %j', (text, shown) => {
  expect(parseCsv(csvLine([text, 'x']))).toEqual([[shown, 'x']])
})

it.each(['a,b', 'a"b', '"', 'a\r\nb', '', ' =1', `'=1`, '漢字', 'a;b', '1-1', '{"a":"=1"}'])(
  'gives back %j',
  (text) => {
    expect(parseCsv(csvLine([text, text]))).toEqual([[text, text]])
  },
)

it('keeps every field in its place, whatever is in it', () => {
  const random = seeded(4180)
  const characters = ['a', ',', '"', '\r', '\n', '\t', '=', ' ', "'", 'ü', '\u{1f469}', ';', '\u202e', '\\']
  const text = () =>
    Array.from({ length: random() * 6 }, () => characters[Math.floor(random() * characters.length)]).join('')
  for (let round = 0; round < 2_000; round++) {
    const record = Array.from({ length: 1 + random() * 4 }, text)
    const [read, ...more] = parseCsv(csvLine(record))
    expect(more).toEqual([])
    // Nothing is added but apostrophes, and no field begins as a formula.
    const original = read?.map((field, at) =>
      record[at]?.includes("'") ? record[at] : field.replaceAll("'", ''),
    )
    expect(original).toEqual(record)
    for (const field of read ?? []) expect(field).not.toMatch(/^[=\t\r\n]|[;\t]\s*=/)
  }
})

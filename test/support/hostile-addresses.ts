/** Where the addresses below want to lead away from. */
export const base = 'https://accounts.silver.test'
export const evil = 'evil.example'

// Spellings of a slash, of nothing and of a separator, as parsers of different strictness read them.
const slashes = [
  '/',
  '\\',
  '%2f',
  '%2F',
  '%5c',
  '%5C',
  '%252f',
  '\u2215',
  '\u2044',
  '\uff0f',
  '\u29f8',
  '\u3002/',
  '&sol;',
  '%c0%af',
]
const nothings = [
  '',
  ' ',
  '\t',
  '\n',
  '\r',
  '\0',
  '\x08',
  '\x0b',
  '\x7f',
  '\u00a0',
  '\u200b',
  '\ufeff',
  '\u202e',
  '%09',
  '%0a',
  '%0d',
  '%00',
  '%20',
  '.',
  './',
  '../',
  ';',
  ';/',
  '@',
  ':',
  '?',
  '#',
  '%e2%80%8b',
]
const schemes = [
  'http:',
  'https:',
  'HTTPS:',
  'javascript:',
  'JaVaScRiPt:',
  'data:text/html,',
  'vbscript:',
  'file:',
  'ftp:',
  'blob:',
  'about:',
  'mailto:',
  'ws:',
  'x:',
  'java\tscript:',
  '\x01javascript:',
  'http:\\\\',
  'https:/',
  'https:///',
  '//',
  '\\\\',
  ':',
  'tel:',
]

/** Addresses that lead to `evil` by some parser's reading, or are no path of ours: some 900 generated spellings. */
export const hostile = new Set<string>()
for (const first of slashes)
  for (const second of slashes) {
    hostile.add(`${first}${second}${evil}`)
    hostile.add(`${first}${second}${evil}/path?a=b#c`)
    hostile.add(`${first}${second}user@${evil}`)
    hostile.add(`/${first}${second}${evil}`)
  }
for (const nothing of nothings)
  for (const slash of ['/', '\\', '%2f', '%5c']) {
    hostile.add(`/${nothing}${slash}${evil}`)
    hostile.add(`${nothing}//${evil}`)
    hostile.add(`${nothing}/${slash}${evil}`)
    hostile.add(`/${nothing}${slash}${nothing}${evil}`)
    hostile.add(`${slash}${nothing}${slash}${evil}`)
  }
for (const scheme of schemes) {
  hostile.add(`${scheme}${evil}`)
  hostile.add(`${scheme}//${evil}`)
  hostile.add(`/${scheme}//${evil}`)
  hostile.add(`${scheme}alert(1)`)
}
for (const text of [
  '',
  evil,
  `@${evil}`,
  `.${evil}`,
  `:80@${evil}`,
  'console',
  './console',
  '?a',
  '#a',
  `//${evil}@accounts.silver.test`,
  `//accounts.silver.test.${evil}`,
  `//accounts.silver.test@${evil}`,
  base,
  `${base}/console`,
  `${base}.${evil}`,
  `/\u{e000}//${evil}`,
  `/${'a'.repeat(3_000)}`,
  '/é',
  '/a b',
  '/a\r\nSet-Cookie: a=b',
  '/a%0d%0aSet-Cookie:a=b%ff',
  '/%',
  '/%zz',
])
  hostile.add(text)

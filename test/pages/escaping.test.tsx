import { describe, expect, it } from 'vitest'
import { sampleHtml, theSecret } from './sample-pages.tsx'

const markup = '<script>alert("x")</script><b onclick=\'a()\' style="x">'
const hiding = 'a\u202eb\u2066c\u0000d\u200fe\u0007f'

/** What the reader sees. Values that go into inputs, addresses and the clipboard must stay as they are. */
const seen = (html: string) =>
  html.replace(/ (?:value|data-copy|href|id)="[^"]*"/g, '').replace(/<textarea[^>]*>[^<]*<\/textarea>/g, '')

/** Tags only: what stands between them cannot be an attribute. */
const tags = (html: string) => html.match(/<[a-z][^>]*>/g) ?? []

describe('text that looks like markup', () => {
  it.each(sampleHtml(markup))('shows as text: %s', (_, html) => {
    expect(html).toContain('&lt;script>alert(')
    expect(html).not.toContain('<script>')
    expect(html).not.toContain('<b onclick')
  })

  it.each(sampleHtml('x'))('has nothing inline: %s', (_, html) => {
    for (const tag of tags(html)) expect(tag).not.toMatch(/\s(?:style|on[a-z]+|srcdoc)=|javascript:/i)
    const scripts = html.match(/<script\b.*?<\/script>/gs)
    expect(scripts).toEqual(['<script type="module" src="/assets/a.js"></script>'])
  })

  it.each(sampleHtml('javascript:alert(1)'))('never becomes an address: %s', (_, html) => {
    expect(html).not.toMatch(/(?:href|action|src)="\s*javascript:/i)
  })
})

describe('text that would reorder or hide what is around it', () => {
  it.each(sampleHtml(hiding))('is spelled out: %s', (_, html) => {
    expect(seen(html)).not.toMatch(/(?![\t\n\r])[\p{Cc}\p{Bidi_Control}]/u)
    expect(html).toContain('a[U+202E]b[U+2066]c[U+0000]d[U+200F]e[U+0007]f')
  })

  const inBody = sampleHtml('שלום').filter(([, html]) => html.split('<body')[1]?.includes('שלום'))

  it.each(inBody)('is kept to itself: %s', (_, html) => {
    expect(html).toMatch(/<bdi>שלום<\/bdi>|<code[^>]*>שלום<\/code>/)
  })
})

describe('a secret', () => {
  it.each(sampleHtml('x'))('stands in its own dialog only, and once: %s', (name, html) => {
    expect(html.split(theSecret).length - 1).toBe(name === 'secret' ? 1 : 0)
  })
})

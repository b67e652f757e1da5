import { render } from 'preact-render-to-string'
import { describe, expect, it } from 'vitest'
import { SignUpPage } from '../../src/pages/auth/sign-up.page.tsx'
import { context, sampleHtml } from './sample-pages.tsx'

const all = (html: string, pattern: RegExp) => [...html.matchAll(pattern)].map(([, found = '']) => found)
const idsOf = (html: string) => all(html, /\sid="([^"]*)"/g)
const references =
  /\s(?:aria-(?:describedby|labelledby|controls)|for|popovertarget|data-reveal|(?:data-copy|data-download)-from)="([^"]*)"/g

describe('the parts of a page', () => {
  it.each(sampleHtml('x'))('have ids that occur once: %s', (_, html) => {
    const ids = idsOf(html)
    expect(ids).toEqual([...new Set(ids)])
  })

  it.each(sampleHtml('x'))('point at parts that exist: %s', (_, html) => {
    const ids = new Set(idsOf(html))
    const named = all(html, references).flatMap((value) => value.split(' '))
    expect(named.filter((id) => !ids.has(id))).toEqual([])
  })

  it.each(sampleHtml('x'))('have one title, one h1 and one main: %s', (_, html) => {
    expect(html.match(/<h1[\s>]/g)).toHaveLength(1)
    expect(html.match(/<main[\s>]/g)).toHaveLength(1)
    expect(html).toMatch(/<title>.+ · Silver Auth<\/title>/)
  })
})

describe('forms', () => {
  const html = (page: string) => sampleHtml('wrong').find(([name]) => name === page)?.[1] ?? ''

  it.each([
    ['sign in', ['email', 'password']],
    ['sign up', ['display-name', 'email', 'password', 'organization-name']],
    ['invite to a new person', ['display-name', 'email', 'password']],
    ['new project', ['name', 'slug', 'redirect-urls', 'origins', 'after-sign-in-url']],
    ['urls', ['redirect-urls', 'origins', 'after-sign-in-url', 'after-sign-up-url']],
    ['settings', ['name']],
    ['delete', ['confirm']],
  ])('tie each error to its field: %s', (page, fields) => {
    for (const field of fields) {
      const [input] = html(page).match(new RegExp(`<(?:input|textarea) id="field-${field}"[^>]*>`)) ?? []
      expect(input).toContain('aria-invalid="true"')
      expect(input).toMatch(new RegExp(`aria-describedby="[^"]*field-${field}-error"`))
      expect(html(page)).toMatch(new RegExp(`id="field-${field}-error"><p>(Line 1: )?wrong</p>`))
    }
  })

  it('number the lines that were refused', () => {
    expect(html('urls')).toContain('<p>Line 1: wrong</p><p>Line 3: wrong</p>')
  })

  it('put the cursor into the first wrong field', () => {
    const page = <SignUpPage context={context} csrfToken="token" errors={{ password: 'wrong', email: '' }} />
    const focused = all(render(page), /id="(field-[^"]*)"[^>]*\sautofocus/g)
    expect(focused).toEqual(['field-password'])
  })

  it('keep what was typed, but never a password', () => {
    expect(html('sign in')).toMatch(/id="field-email"[^>]* value="wrong"/)
    expect(html('sign in')).not.toMatch(/id="field-password"[^>]* value=/)
  })

  it('are posted, judged by the server alone', () => {
    for (const [, page] of sampleHtml('x')) {
      for (const form of page.match(/<form[^>]*>/g) ?? []) {
        expect(form).toContain('method="post"')
        if (!form.includes('data-theme-form')) expect(form).toContain('novalidate')
      }
    }
  })
})

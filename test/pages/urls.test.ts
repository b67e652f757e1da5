import { describe, expect, it } from 'vitest'
import { safeUrl, urls } from '../../src/pages/urls.ts'

describe('addresses', () => {
  it('name the pages', () => {
    expect(urls.signIn()).toBe('/sign-in')
    expect(urls.projects('northwind')).toBe('/auth/console/northwind/projects')
    expect(urls.projectKeys('northwind', 'shop')).toBe('/auth/console/northwind/projects/shop/keys')
    expect(urls.revokeKey('northwind', 'shop', 'key_1')).toBe(
      '/auth/console/northwind/projects/shop/keys/key_1/revoke',
    )
  })

  it('open dialogs by a parameter', () => {
    expect(urls.projects('northwind', { dialog: 'new-project' })).toBe(
      '/auth/console/northwind/projects?dialog=new-project',
    )
    expect(urls.projectKeys('northwind', 'shop', { dialog: 'revoke', key: 'key_1' })).toBe(
      '/auth/console/northwind/projects/shop/keys?dialog=revoke&key=key_1',
    )
  })

  it('leave out parameters without a value', () => {
    expect(urls.signIn(undefined)).toBe('/sign-in')
    expect(urls.signIn('')).toBe('/sign-in')
  })

  it('keep what is put into them in its place', () => {
    expect(urls.projects('a/b?c#d')).toBe('/auth/console/a%2Fb%3Fc%23d/projects')
    expect(urls.signIn('/x?y=1&z=2#3')).toBe('/sign-in?redirect_url=%2Fx%3Fy%3D1%26z%3D2%233')
  })
})

describe('addresses from data', () => {
  it.each(['/path', 'https://app.example.com/', 'http://localhost:3000', 'mailto:ada@example.com'])(
    'are followed: %s',
    (href) => expect(safeUrl(href)).toBe(href),
  )

  it.each([
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    'blob:https://x/1',
    'https://',
  ])('are dropped: %j', (href) => expect(safeUrl(href)).toBeUndefined())
})

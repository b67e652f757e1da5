import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isOwnPath } from '../../src/lib/return-to.ts'
import { base, evil, hostile } from '../support/hostile-addresses.ts'

/** Where a browser would go that stands on one of our pages, as the text stands and when somebody decodes it first. */
function destinations(text: string): string[] {
  const spellings = [text]
  try {
    spellings.push(decodeURIComponent(text))
  } catch {
    // nobody can decode it
  }
  return spellings.map((spelling) => URL.parse(spelling, `${base}/sign-in`)?.origin ?? 'nowhere')
}
const leaves = (text: string) => destinations(text).some((origin) => origin !== base)

describe('a hostile address', () => {
  it('has been tried in many spellings, most of which leave', () => {
    expect(hostile.size).toBeGreaterThan(900)
    expect([...hostile].filter(leaves).length).toBeGreaterThan(300)
  })

  it('is refused in every spelling that leaves, raw or decoded once', () => {
    expect([...hostile].filter((text) => leaves(text) && isOwnPath(text, base))).toEqual([])
  })

  it('is refused when its normal form would leave', () => {
    const accepted = [...hostile].filter((text) => isOwnPath(text, base))
    const normal = (text: string) => new URL(text, base).pathname + new URL(text, base).search
    expect(accepted.filter((text) => leaves(normal(text)))).toEqual([])
    for (const text of [`/.//${evil}`, `/a/..//${evil}`, `/%2e//${evil}`, `/./%2f${evil}`])
      expect(isOwnPath(text, base), text).toBe(false)
  })

  it('is refused unless it is one slash and plain ASCII', () => {
    const accepted = [...hostile].filter((text) => isOwnPath(text, base))
    expect(accepted.filter((text) => !/^\/(?![/\\])[\x21-\x7e]*$/.test(text) || text.includes('\\'))).toEqual(
      [],
    )
    for (const text of [
      '',
      'console',
      '?a',
      '#a',
      base,
      `${base}/console`,
      '/é',
      '/a b',
      '/a\r\nb',
      `/${'a'.repeat(5_000)}`,
      '/%',
    ])
      expect(isOwnPath(text, base), JSON.stringify(text)).toBe(false)
  })
})

describe('a path of our own', () => {
  const paths = [
    '/',
    '/auth/console',
    '/auth/console/',
    '/auth/console/acme/projects/app_1?tab=keys&page=2#rotate',
    '/sign-in?redirect_url=%2Fauth%2Fconsole',
    '/a%20b',
    '/caf%C3%A9',
    '/a?next=https://other.example/x',
    '/a?next=%2F%2Fother.example',
    '/a//b',
    '/a/../b',
    '/a;b=c',
    '/a@b',
    '/a:b',
    "/~user/!$&'()*+,=",
    '/.well-known/security.txt',
    '/[x]{y}|z^`"<>',
    `/${'a'.repeat(2_000)}`,
  ]

  it.each(paths)('%s is accepted', (path) => {
    expect(isOwnPath(path, base)).toBe(true)
  })

  it.each(['http://127.0.0.1:4080', 'http://localhost', 'https://accounts.silver.test:8443'])(
    'is accepted on %s, whose other addresses are not',
    (own) => {
      expect(isOwnPath('/auth/console', own)).toBe(true)
      expect(isOwnPath('//localhost:1/auth', own)).toBe(false)
    },
  )
})

describe('a real redirect', () => {
  let location = ''
  const visited: string[] = []
  const server = createServer((request, response) => {
    visited.push(request.url ?? '')
    if (request.url !== '/go') return response.end('here')
    return response.writeHead(302, { location }).end()
  })
  let own = ''
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => void server.close())

  it('to anything that is accepted stays with us', async () => {
    const accepted = [...hostile].filter((text) => isOwnPath(text, own))
    expect(accepted.length).toBeGreaterThan(20)
    for (const text of accepted) {
      location = text
      visited.length = 0
      const answer = await fetch(`${own}/go`)
      expect([await answer.text(), new URL(answer.url).origin, visited.length], text).toEqual([
        'here',
        own,
        2,
      ])
    }
  })
})

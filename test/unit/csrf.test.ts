import { describe, expect, it } from 'vitest'
import { isSafe, refuseCrossSite } from '../../src/http/csrf.ts'

const own = 'https://accounts.silver.test'
const passes = (headers: Record<string, string>, isForm = false, method = 'POST') => {
  try {
    refuseCrossSite({ method, headers }, own, isForm)
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: 'csrf_rejected' })
    return false
  }
}

const sites = ['same-origin', 'same-site', 'cross-site', 'none', undefined]
const origins = [own, 'https://evil.example', 'null', undefined]
const all = sites.flatMap((site) => origins.map((origin) => [site, origin] as const))

describe.each(all)('Sec-Fetch-Site %s with Origin %s', (site, origin) => {
  const headers = { ...(site ? { 'sec-fetch-site': site } : {}), ...(origin ? { origin } : {}) }
  const isForeign = site === 'cross-site' || (origin !== undefined && origin !== own)

  it(`${isForeign ? 'is refused' : 'passes'}`, () => {
    expect(passes(headers)).toBe(!isForeign)
  })

  it('passes as a form only when it shows that it is ours', () => {
    expect(passes(headers, true)).toBe(!isForeign && (site === 'same-origin' || origin === own))
  })

  it('passes when it only reads', () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) expect(passes(headers, true, method)).toBe(true)
  })
})

it('knows which methods only read', () => {
  const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'get']
  expect(methods.filter(isSafe)).toEqual(['GET', 'HEAD', 'OPTIONS'])
})

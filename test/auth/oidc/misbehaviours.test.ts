import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { cookieOf } from '../../support/http.ts'
import { type Misbehaviour, misbehaviours } from '../../support/identity-provider/identity-provider.ts'
import { expectErrorPage, startOidcWorld } from '../../support/oidc-world.ts'

const oidc = startOidcWorld({
  people: [{ sub: 'ada', email: 'ada@example.com', emailVerified: true, groups: ['Staff'] }],
})
const { world } = oidc
// The contract: whatever the provider does, a person has a page within this time.
const longestMs = 5_000
const timeout = 20_000

const unavailable = [502, 'identity_provider_unavailable'] as const
const refused = [400, 'answer_refused'] as const

const facts: Partial<Record<Misbehaviour, readonly [number, string]>> = {
  'callback-error': [400, 'provider_refused'],
  'callback-wrong-state': [400, 'sign_in_expired'],
  'callback-missing-state': [400, 'sign_in_expired'],
  'token-400-script': refused,
}
const isTrouble = (how: Misbehaviour) => /^(token|jwks)-(?!400-script|empty)/.test(how)
const expected = (how: Misbehaviour) => facts[how] ?? (isTrouble(how) ? unavailable : refused)

const counts = async () =>
  world.sql(
    `select (select count(*)::int from users) as users, (select count(*)::int from sessions) as sessions`,
  )
let before: unknown
beforeEach(async () => {
  before = await counts()
})
afterEach(async () => {
  expect(await counts(), 'nobody was made or signed in').toEqual(before)
  expect(oidc.provider.elsewhere.requests, 'no redirect was followed').toEqual([])
})

async function timed<T>(work: () => Promise<T>): Promise<T> {
  const start = performance.now()
  const result = await work()
  expect(performance.now() - start).toBeLessThan(longestMs)
  return result
}

async function expectPage(how: Misbehaviour) {
  const browser = oidc.newBrowser()
  const path = await oidc.callbackPath(browser, 'ada', { before: () => oidc.provider.misbehave(how) })
  expectErrorPage(await timed(() => browser.open(path)), ...expected(how))
  expectErrorPage(await browser.open(path), 400, 'sign_in_expired')
}

// In the order of what is remembered: discovery and keys are, once they were had.
describe('a discovery that goes wrong is a page, is not remembered, and is tried again', { timeout }, () => {
  it.each(misbehaviours.discovery)('%s', async (how) => {
    oidc.provider.misbehave(how)
    const answer = await timed(() => oidc.newBrowser().open('/auth/login'))
    expectErrorPage(answer, ...unavailable)
  })

  it('and then works', async () => {
    expect((await oidc.newBrowser().open('/auth/login')).status).toBe(302)
  })
})

describe('keys that cannot be had', { timeout }, () => {
  it.each(misbehaviours.jwks.filter((how) => how !== 'jwks-empty'))('%s', expectPage)
})

describe('a wrong answer of the token endpoint', { timeout }, () => {
  it.each(misbehaviours.token)('%s', expectPage)
})

describe('a wrong ID token', { timeout }, () => {
  it.each(misbehaviours.idToken)('%s', expectPage)
})

describe('a wrong way back', { timeout }, () => {
  it.each(misbehaviours.callback)('%s', async (how) => {
    const browser = oidc.newBrowser()
    oidc.provider.misbehave(how)
    const answer = await browser.open(await oidc.callbackPath(browser, 'ada'))
    expectErrorPage(answer, ...expected(how))
  })

  it.each(['', '?', '?code=x', '?state=', '?state=a&state=b', `?state=${'a'.repeat(4_000)}`, '?state=%00'])(
    'with nothing that anybody asked for: %s',
    async (query) => {
      const browser = oidc.newBrowser()
      await browser.open('/auth/login')
      expectErrorPage(await browser.open(`/auth/callback${query}`), 400, 'sign_in_expired')
    },
  )
})

describe('userinfo', () => {
  it('is not asked: the signed token says all that is needed', async () => {
    expect(oidc.provider.requests.map(({ path }) => path).join()).not.toContain('userinfo')
  })
})

it('logs what the provider said for the operator, never its tokens', async () => {
  oidc.provider.misbehave('token-400-script')
  const browser = oidc.newBrowser()
  const answer = await browser.open(await oidc.callbackPath(browser, 'ada'))
  expect(cookieOf(answer)).toBeUndefined()
  const line = world.logLines.find((one) => one.includes('refused'))
  expect(line).toContain('invalid_grant')
  expect(world.logLines.join('')).not.toMatch(/eyJ|<script>/)
})

describe('keys of the provider', { timeout }, () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }))
  afterEach(() => vi.useRealTimers())
  const asked = () => oidc.provider.requests.filter(({ path }) => path.endsWith('/jwks/')).length

  it('that are none are refused', async () => {
    vi.setSystemTime(Date.now() + 5 * 60_000)
    await expectPage('jwks-empty')
  })

  it('are asked for again when one is unknown, at most once a minute', async () => {
    vi.setSystemTime(Date.now() + 10 * 60_000)
    await oidc.signedIn('ada')
    const first = asked()
    await oidc.provider.rotateKey()
    for (let n = 0; n < 3; n++) expectErrorPage((await oidc.signIn('ada')).answer, ...refused)
    expect(asked()).toBe(first)
    vi.setSystemTime(Date.now() + 61_000)
    await oidc.signedIn('ada')
    expect(asked()).toBe(first + 1)
    before = await counts()
  })
})

import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { Environment } from '../../src/config.ts'
import { type Browserless, browserless } from './browserless.ts'
import { type Answer, cookieOf } from './http.ts'
import {
  type CookieJar,
  type IdentityProvider,
  type Person,
  signInAt,
  startIdentityProvider,
} from './identity-provider/identity-provider.ts'
import type { ServiceOptions } from './service.ts'
import { testEnvironment } from './settings.ts'
import { freePort } from './spawned.ts'
import { startWorld } from './world.ts'

type Options = Pick<ServiceOptions, 'environment' | 'noticesThrough'> & {
  people?: Person[]
  conformIdTokenClaims?: boolean
}
type SignInOptions = {
  path?: string
  jar?: CookieJar
  /** What happens while the person is at the provider. */
  before?: () => void
}

export const pathOf = (url: string) => new URL(url).pathname + new URL(url).search

/** A world whose service knows a stand-in identity provider, and visitors who sign in through both. */
export function startOidcWorld({
  environment = {},
  people = [],
  conformIdTokenClaims = false,
  ...more
}: Options = {}) {
  const settings: Environment = { AUTH_METHODS: 'oidc,password', ...environment }
  const options: ServiceOptions = { environment: settings, ...more }
  const publicBaseUrl = settings.PUBLIC_BASE_URL ?? testEnvironment.PUBLIC_BASE_URL
  let provider: IdentityProvider

  beforeAll(async () => {
    options.port = await freePort()
    provider = await startIdentityProvider({
      redirectUris: [`${publicBaseUrl}/auth/callback`],
      postLogoutRedirectUris: [`${publicBaseUrl}/sign-out`],
      backchannelLogoutUri: `http://127.0.0.1:${options.port}/auth/backchannel-logout`,
      people,
      conformIdTokenClaims,
    })
    settings.OIDC_ISSUER ??= provider.issuer
    settings.OIDC_CLIENT_ID = provider.clientId
    settings.OIDC_CLIENT_SECRET = provider.clientSecret
  })
  const world = startWorld(options)
  afterEach(() => provider.misbehave(undefined))
  afterAll(() => provider?.stop())

  /** From our page to the provider and to the callback's path, which is not opened yet. */
  async function callbackPath(browser: Browserless, sub: string, { path, jar, before }: SignInOptions = {}) {
    const begun = await browser.open(path ?? '/auth/login')
    expect(begun.status).toBe(302)
    before?.()
    return pathOf(await signInAt(provider, begun.headers.location ?? '', sub, jar))
  }
  async function signIn(
    sub: string,
    { browser = browserless(world), ...more }: SignInOptions & { browser?: Browserless } = {},
  ) {
    const answer = await browser.open(await callbackPath(browser, sub, more))
    return { browser, answer }
  }

  return {
    world,
    /** Those of the service, for a second one beside it. */
    settings,
    get provider() {
      return provider
    },
    /** Somebody new at the provider. */
    person(person: Partial<Person> & { sub: string }): Person {
      const email = `${person.sub.replace(/\W+/g, '-')}@example.com`
      const known = { email, emailVerified: true, name: person.sub, ...person }
      provider.people.set(known.sub, known)
      return known
    },
    newBrowser: () => browserless(world),
    callbackPath,
    signIn,
    /** The same, which has to work: the caller that the session makes. */
    async signedIn(sub: string, options: Parameters<typeof signIn>[1] = {}) {
      const { browser, answer } = await signIn(sub, options)
      expect([answer.status, answer.text]).toEqual([303, ''])
      const cookie = cookieOf(answer) ?? ''
      const me = (await world.withCookie(cookie).get('/v1/me')).body
      return { browser, answer, cookie, me, ...world.withCookie(cookie) }
    },
  }
}

export type OidcWorld = ReturnType<typeof startOidcWorld>

/** Expects a page that says in our words why nobody is signed in: with the request id, a way back, and no way round in circles. */
export function expectErrorPage(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.headers.location, cookieOf(answer)]).toEqual([status, undefined, undefined])
  expect(answer.headers['content-type']).toBe('text/html; charset=utf-8')
  expect(answer.text).toContain(`>${code}<`)
  expect(answer.text).toContain(String(answer.headers['x-request-id']))
  expect(answer.text).toMatch(/<a class="btn[^>]* href="\/(sign-in|auth\/console)"/)
  expect(answer.text).not.toContain('from the provider')
  expect(answer.text).not.toContain('http-equiv')
}

import type { SessionAnswer } from './answers.js'
import { SeqnAuthError } from './errors.js'
import { hostedUrl } from './hosted.js'
import { isBrowser, needPublishableKey, type Settings } from './options.js'
import { codeChallenge, randomText } from './pkce.js'
import { exchangeCode } from './project-session.js'
import type { SeqnAuthSession } from './session.js'
import type { SeqnAuthStorage } from './storage.js'

/** How to start a sign-in. */
export type SignInOptions = {
  /** Where to come back to: registered on the project, letter for letter. */
  redirectUrl: string
  /** Show the sign-up page instead. */
  signUp?: boolean | undefined
  /** In a browser, false only returns the address. */
  navigate?: boolean | undefined
}

/** What is kept while a person is away at the hosted page. */
export type Departure = { codeVerifier: string; redirectUrl: string }

/** Makes state, code verifier and the hosted address with the verifier's challenge. */
export async function depart(settings: Settings, { redirectUrl, signUp }: SignInOptions) {
  const state = randomText()
  const codeVerifier = randomText()
  const url = hostedUrl(settings, signUp ? '/sign-up' : '/sign-in', {
    publishable_key: needPublishableKey(settings),
    redirect_url: redirectUrl,
    state,
    code_challenge: await codeChallenge(codeVerifier),
  })
  return { url, state, departure: { codeVerifier, redirectUrl } }
}

/** The code of an arrival, if the state belongs to a departure of this browser. */
export function arrivedCode(query: URLSearchParams, departure: Departure | null): string {
  if (!departure)
    throw new SeqnAuthError(
      'invalid_state',
      'This sign-in was not started here, or is finished. Start again.',
      {
        status: 400,
      },
    )
  const code = query.get('code')
  if (code) return code
  throw new SeqnAuthError('sign_in_refused', 'The sign-in was not completed.', {
    status: 400,
    apiCode: query.get('error') ?? undefined,
  })
}

/** Sign-in of a page: leaves for the hosted page and finishes when the person is back. */
export function createSignIn(
  settings: Settings,
  storage: SeqnAuthStorage,
  keep: (answer: SessionAnswer) => Promise<SeqnAuthSession>,
) {
  const keyOf = (state: string) => `seqn_auth_sign_in:${state}`
  const arrivals = new Map<string, Promise<SeqnAuthSession>>()

  async function start(options: SignInOptions): Promise<string> {
    const { url, state, departure } = await depart(settings, options)
    await storage.set(keyOf(state), JSON.stringify(departure))
    if (isBrowser() && options.navigate !== false) globalThis.location?.assign(url)
    return url
  }

  async function arrive(query: URLSearchParams, state: string): Promise<SeqnAuthSession> {
    const departure: Departure | null = JSON.parse((await storage.get(keyOf(state))) ?? 'null')
    await storage.remove(keyOf(state))
    const code = arrivedCode(query, departure)
    return keep(await exchangeCode(settings, { code, ...(departure as Departure) }))
  }

  /** Whether an address is of ours to act on: pages have a state, a code or an error of their own, too. */
  const isArrival = async (query: URLSearchParams, state: string) =>
    !!query.get('code') ||
    (!!query.get('error') && (arrivals.has(state) || !!(await storage.get(keyOf(state)))))

  async function finish(url: string | URL = globalThis.location?.href): Promise<SeqnAuthSession | null> {
    const query = new URL(url).searchParams
    const state = query.get('state')
    if (!state || !(await isArrival(query, state))) return null
    cleanAddress()
    // A page may call this twice for one arrival, as React does in development.
    const arrival = arrivals.get(state) ?? arrive(query, state).finally(() => arrivals.delete(state))
    arrivals.set(state, arrival)
    return arrival
  }

  return { start, finish }
}

/** Takes code and state out of the address bar and the history. */
function cleanAddress() {
  if (!isBrowser() || !globalThis.history) return
  const url = new URL(location.href)
  for (const name of ['code', 'state', 'error', 'error_description', 'iss']) url.searchParams.delete(name)
  history.replaceState(history.state, '', url)
}

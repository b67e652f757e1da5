import { SeqnAuthError } from './errors.js'

/** What every function of this package takes; each value has its environment variable. */
export type SeqnAuthOptions = {
  /** Where the service is (`SEQN_AUTH_BASE_URL`, else `http://127.0.0.1:4080`). Must be https, except on localhost. */
  baseUrl?: string | undefined
  /** `pk_live_…` (`SEQN_AUTH_PUBLISHABLE_KEY`). */
  publishableKey?: string | undefined
  /** `sk_live_…` (`SEQN_AUTH_SECRET_KEY`). On servers only. */
  secretKey?: string | undefined
  /** How long one request may take in all; 10 seconds unless told. */
  timeoutMs?: number | undefined
  /** Used in place of the global `fetch`. */
  fetch?: typeof globalThis.fetch | undefined
}

/** Options after the environment was asked and everything was checked. */
export type Settings = {
  baseUrl: string
  publishableKey: string | undefined
  secretKey: string | undefined
  timeoutMs: number
  fetch: typeof globalThis.fetch | undefined
}

type Surroundings = {
  process?: { env?: Record<string, string | undefined> }
  window?: unknown
  document?: unknown
  importScripts?: unknown
}
const surroundings = globalThis as Surroundings

/** Whether others can read what this code holds: a page, or a worker of one. */
export const isBrowser = () =>
  (surroundings.window !== undefined && surroundings.document !== undefined) ||
  typeof surroundings.importScripts === 'function'

/** An environment variable; undefined where there is no environment, or it may not be read. */
export function environment(name: string): string | undefined {
  try {
    return surroundings.process?.env?.[name] || undefined
  } catch {
    return undefined
  }
}

/** Completes the options and refuses what must never become a request: an unsafe base URL, a secret key in a browser. */
export function readOptions(options: SeqnAuthOptions = {}): Settings {
  const { publishableKey, secretKey } = options
  const settings: Settings = {
    baseUrl: checkedBaseUrl(options.baseUrl || environment('SEQN_AUTH_BASE_URL') || 'http://127.0.0.1:4080'),
    publishableKey: publishableKey || environment('SEQN_AUTH_PUBLISHABLE_KEY'),
    secretKey: secretKey || (isBrowser() ? undefined : environment('SEQN_AUTH_SECRET_KEY')),
    timeoutMs: options.timeoutMs ?? 10_000,
    fetch: options.fetch,
  }
  if (secretKey && isBrowser()) needSecretKey(settings)
  return settings
}

/** As `readOptions`, and refuses keys that stand in each other's place. */
export function readCheckedOptions(options?: SeqnAuthOptions): Settings {
  const settings = readOptions(options)
  if (settings.publishableKey) needPublishableKey(settings)
  if (settings.secretKey) needSecretKey(settings)
  return settings
}

/** The publishable key, or an error that says what is there instead. */
export function needPublishableKey({ publishableKey: key = '' }: Settings): string {
  if (/^pk_[\w-]+$/.test(key)) return key
  const what = key.startsWith('sk_')
    ? 'A secret key (sk_…) stands where the publishable key (pk_…) belongs; keep it on the server.'
    : key
      ? 'A publishable key starts with pk_.'
      : 'No publishable key: set SEQN_AUTH_PUBLISHABLE_KEY, or pass publishableKey.'
  throw new SeqnAuthError('invalid_publishable_key', what)
}

/** The secret key, or an error that says what is there instead. In a browser there is none. */
export function needSecretKey({ secretKey: key = '' }: Settings): string {
  const isAllowedHere = !isBrowser()
  if (isAllowedHere && /^sk_[\w-]+$/.test(key)) return key
  const what = !isAllowedHere
    ? 'Secret keys stay on the server: a browser must not hold one.'
    : key.startsWith('pk_')
      ? 'A publishable key (pk_…) stands where the secret key (sk_…) belongs.'
      : key
        ? 'A secret key starts with sk_.'
        : 'No secret key: set SEQN_AUTH_SECRET_KEY, or pass secretKey.'
  throw new SeqnAuthError('invalid_secret_key', what)
}

/** Names of this machine, for which plain http is safe. */
export const isLocalhost = (hostname: string) => /^((.+\.)?localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)

function checkedBaseUrl(text: string): string {
  const refuse = (why: string) => new SeqnAuthError('invalid_base_url', `The base URL ${why}.`)
  let url: URL
  try {
    url = new URL(text)
  } catch (cause) {
    throw new SeqnAuthError('invalid_base_url', 'The base URL is not a URL.', { cause })
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse('must start with https://')
  if (url.username || url.password || url.search || url.hash)
    throw refuse('must hold no user, query or fragment')
  if (url.protocol === 'http:' && !isLocalhost(url.hostname))
    throw refuse('must be https, except on localhost')
  return url.href.replace(/\/+$/, '')
}

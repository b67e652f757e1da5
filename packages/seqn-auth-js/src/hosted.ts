import { needPublishableKey, type Settings } from './options.js'

/** Where a hosted page returns to: a redirect URL or an origin that is registered on the project. */
export type HostedOptions = { redirectUrl?: string | undefined }

/** The addresses of the service's own pages. */
export type Hosted = {
  signInUrl(options?: HostedOptions): string
  signUpUrl(options?: HostedOptions): string
  signOutUrl(options?: HostedOptions): string
  /** The person's own account. */
  accountUrl(): string
  /** The organization, as its members see it: a page of a later version of the service, which answers 404 today. */
  organizationUrl(): string
  /** The admin console. */
  consoleUrl(): string
}

/** A hosted page with a query; what is undefined is left out. */
export function hostedUrl(settings: Settings, path: string, query: Record<string, string | undefined>) {
  const url = new URL(settings.baseUrl + path)
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value)
  return url.href
}

/** Makes the addresses of one project's hosted pages. */
export function createHosted(settings: Settings): Hosted {
  const returning =
    (path: string) =>
    ({ redirectUrl }: HostedOptions = {}) =>
      hostedUrl(settings, path, { publishable_key: needPublishableKey(settings), redirect_url: redirectUrl })
  return {
    signInUrl: returning('/sign-in'),
    signUpUrl: returning('/sign-up'),
    signOutUrl: returning('/sign-out'),
    accountUrl: () => hostedUrl(settings, '/account', {}),
    organizationUrl: () => hostedUrl(settings, '/org', {}),
    consoleUrl: () => hostedUrl(settings, '/auth/console', {}),
  }
}

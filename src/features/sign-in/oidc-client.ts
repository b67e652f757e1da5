import * as openid from 'openid-client'
import type { Config } from '../../config.ts'
import type { Context } from '../../context.ts'
import { AppError, notFound } from '../../errors.ts'
import { boundedFetch } from '../../lib/bounded-fetch.ts'

/** How long all requests of one step may take together, so that a person has a page within five seconds. */
const patienceMs = 4_000
const knownForMs = 60 * 60_000
const mostBytes = 512 * 1024

export const fetchFromProvider = boundedFetch(mostBytes)

export type OidcSettings = NonNullable<Config['oidc']>

export function oidcSettings(ctx: Context): OidcSettings {
  if (!ctx.config.oidc) throw notFound('identity provider')
  return ctx.config.oidc
}

const known = new WeakMap<Context, { at: number; client: Promise<openid.Configuration> }>()

/** The client of the configured provider. It is discovered when it is first needed; only a success is remembered, for an hour. */
export async function oidcClient(ctx: Context): Promise<openid.Configuration> {
  const cached = known.get(ctx)
  if (cached && performance.now() - cached.at < knownForMs) return cached.client
  const client = discover(oidcSettings(ctx))
  known.set(ctx, { at: performance.now(), client })
  client.catch(() => known.delete(ctx))
  return client
}

async function discover({ issuer, clientId, clientSecret }: OidcSettings): Promise<openid.Configuration> {
  const server = new URL(issuer)
  const client = await openid.discovery(server, clientId, clientSecret, undefined, {
    timeout: patienceMs / 1000,
    [openid.customFetch]: fetchFromProvider,
    execute: [
      // Without these openid-client believes ID tokens because they came over TLS, and does not look at the signature.
      openid.enableNonRepudiationChecks,
      ...(server.protocol === 'http:' ? [openid.allowInsecureRequests] : []),
    ],
  })
  // openid-client compares normalized URLs; ID tokens and stored identities are compared to the letter.
  if (client.serverMetadata().issuer !== issuer) throw new Error('the provider has another issuer')
  return client
}

/** Runs a step that talks to the provider; all that is no fault of the person's is `502 identity_provider_unavailable`. */
export async function askProvider<T>(ask: () => Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(unavailable(new Error('the provider took too long'))), patienceMs)
  try {
    return await Promise.race([ask(), late])
  } finally {
    clearTimeout(timer)
  }
}

/** What of an error may be logged: openid-client's own carry the provider's whole answer, tokens included. */
export function reasonOf(error: unknown): Error {
  const { code, message, error: said } = error as { code?: string; message?: string; error?: unknown }
  const word = typeof said === 'string' ? ` (${said.replace(/[^\w.-]/g, '').slice(0, 60)})` : ''
  return new Error(`${code ?? 'error'}: ${message ?? 'unknown'}${word}`)
}

export const unavailable = (error: unknown) =>
  new AppError(
    'identity_provider_unavailable',
    'The identity provider cannot be reached. Try again shortly.',
    {
      cause: reasonOf(error),
    },
  )

/** The client, or `502 identity_provider_unavailable`. */
export const reachProvider = (ctx: Context): Promise<openid.Configuration> =>
  askProvider(() =>
    oidcClient(ctx).catch((error) => {
      throw error instanceof AppError ? error : unavailable(error)
    }),
  )

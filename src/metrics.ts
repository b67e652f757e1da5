import type { CacheOutcome } from './change/cache.ts'
import { counter, histogram } from './lib/metric-series.ts'

/** How a key was judged. `malformed` cost no query; `missing` came without one. */
export type KeyOutcome = 'ok' | 'unknown' | 'malformed' | 'missing' | 'disabled'

/** How a sign-in ended; `locked` after too many guesses, `failed` for reasons of ours or of the provider. */
export type SignInOutcome = 'ok' | 'refused' | 'locked' | 'failed'

/** How an attempt to deliver a webhook ended; `unsent` for reasons of ours, `released` because the service stopped. */
export type WebhookOutcome = 'succeeded' | 'failed' | 'unsent' | 'unreadable_secret' | 'released'

export const prefix = 'silver_auth_'

// From an answer out of a cache to the longest that a request may take.
const durationBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

export type Metrics = ReturnType<typeof makeMetrics>

/** What is counted while it happens; `metricsRegistry` adds what is looked up when Prometheus asks. One per context. */
export function makeMetrics() {
  const requests = histogram<[method: string, route: string, status: number]>(
    {
      name: `${prefix}http_request_duration_seconds`,
      help: 'Duration of requests by method, route pattern and status; 499 is a caller who went away.',
      labelNames: ['method', 'route', 'status'],
    },
    durationBounds,
  )
  const limiterRefusals = counter<[limit: string]>({
    name: `${prefix}rate_limit_refusals_total`,
    help: 'Requests refused by a rate limit, by the name of the limit.',
    labelNames: ['limit'],
  })
  const keyVerifications = counter<[outcome: KeyOutcome]>({
    name: `${prefix}key_verifications_total`,
    help: 'Secret keys judged, by outcome.',
    labelNames: ['outcome'],
  })
  const cacheLookups = counter<[cache: string, outcome: CacheOutcome]>({
    name: `${prefix}cache_lookups_total`,
    help: 'Look-ups in caches of finished answers, by cache and outcome.',
    labelNames: ['cache', 'outcome'],
  })
  const signIns = counter<[method: 'password' | 'oidc', outcome: SignInOutcome]>({
    name: `${prefix}sign_ins_total`,
    help: 'Sign-ins and step-ups, by method and outcome.',
    labelNames: ['method', 'outcome'],
  })
  const webhookAttempts = counter<[outcome: WebhookOutcome]>({
    name: `${prefix}webhook_attempts_total`,
    help: 'Attempts to deliver webhooks, by outcome.',
    labelNames: ['outcome'],
  })
  const webhookClaims = histogram<[]>(
    {
      name: `${prefix}webhook_claim_duration_seconds`,
      help: 'Duration of the statements that claim deliveries which are due.',
      labelNames: [],
    },
    durationBounds,
  )
  return {
    limiterRefusals,
    keyVerifications,
    cacheLookups,
    signIns,
    webhookAttempts,
    webhookClaims,
    /** Counts a request that is over. What a caller makes up, a path or a method, becomes no label of its own. */
    observeRequest(method: string, route: string | undefined, status: number, seconds: number): void {
      const isOurs = route !== undefined && status !== 405
      requests.observe(seconds, methods.has(method) ? method : 'other', isOurs ? route : 'unknown', status)
    },
    series: [
      requests,
      limiterRefusals,
      keyVerifications,
      cacheLookups,
      signIns,
      webhookAttempts,
      webhookClaims,
    ],
  }
}

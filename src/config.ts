import { z } from 'zod'
import {
  authMethods,
  baseUrl,
  flag,
  issuer,
  proxies,
  rateLimitRoutes,
  redisUrl,
  scopes,
  sealingKeys,
  secrets,
  url,
  wholeNumber,
  words,
} from './config-values.ts'

export type Environment = Record<string, string | undefined>

/** What is wrong with a setting, by its name. */
export type Mistakes = Record<string, string>

/** Thrown with every mistake of the environment in one message. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const postgresUrl = url('postgres:', 'postgresql:')

/** The settings, one line each: how the text is read and what holds when it is absent. Production makes nothing up. */
function settings(production: boolean) {
  return z.object({
    HOST: z.string().default('127.0.0.1'),
    PORT: wholeNumber(0, 65_535).default(4080),
    PUBLIC_BASE_URL: production ? baseUrl('https:') : baseUrl('https:', 'http:').optional(),
    DATA_DIR: z.string().default('.data'),
    AUTH_METHODS: authMethods.optional(),
    DEMO_DATA: flag.default(!production),
    DATABASE_URL: production ? postgresUrl : postgresUrl.optional(),
    DATABASE_OWNER_URL: postgresUrl.optional(),
    DATABASE_POOL_MAX: wholeNumber(2, 500).default(20),
    PG_BIN_DIR: z.string().optional(),
    SESSION_SECRET: secrets,
    SEALING_KEY: sealingKeys,
    SESSION_COOKIE_SECURE: flag.optional(),
    SESSION_COOKIE_SAMESITE: z.enum(['Lax', 'Strict']).default('Lax'),
    SESSION_IDLE_DAYS: wholeNumber(1, 365).default(7),
    SESSION_ABSOLUTE_DAYS: wholeNumber(1, 365).default(30),
    OIDC_ISSUER: issuer(!production).optional(),
    OIDC_CLIENT_ID: z.string().optional(),
    OIDC_CLIENT_SECRET: z.string().optional(),
    OIDC_SCOPES: scopes.default(['openid', 'profile', 'email']),
    PLATFORM_ADMIN_GROUP: z.string().default('SEQN-A'),
    PLATFORM_ADMIN_REQUIRE_MFA: flag.default(production),
    PLATFORM_ADMIN_AMR: words.default(['mfa']),
    DRAIN_SECONDS: wholeNumber(0, 20).default(production ? 5 : 0),
    TRUSTED_PROXIES: proxies.default([]),
    RATE_LIMIT_MAX: wholeNumber(1, 10_000_000).default(240),
    RATE_LIMIT_WINDOW_MS: wholeNumber(1_000, 3_600_000).default(60_000),
    RATE_LIMIT_ROUTES: rateLimitRoutes.default({}),
    RATE_LIMIT_REDIS_URL: redisUrl.optional(),
    WEBHOOK_WORKER: flag.default(true),
    WEBHOOK_CONCURRENCY: wholeNumber(1, 1_000).default(64),
    WEBHOOK_ALLOW_INSECURE: flag.default(!production),
    WEBHOOK_ALLOW_PRIVATE_ADDRESSES: flag.default(!production),
    // The database lets none go sooner (audit_prune).
    AUDIT_RETENTION_DAYS: wholeNumber(30, 3_650).default(365),
    // The attempts of a delivery take nearly four.
    DELIVERY_RETENTION_DAYS: wholeNumber(4, 3_650).default(90),
    METRICS_HOST: z.string().default('127.0.0.1'),
    METRICS_PORT: wholeNumber(1, 65_535).optional(),
    LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  })
}

export const settingNames = Object.keys(settings(true).shape)

export function isProduction(environment: Environment): boolean {
  return environment.NODE_ENV === 'production'
}

/**
 * Reads the whole environment (an empty value counts as absent) or throws a ConfigError that lists all mistakes, those that
 * are `known` already included.
 */
export function parseConfig(environment: Environment, known: Mistakes = {}) {
  const production = isProduction(environment)
  const values: Record<string, unknown> = {}
  const mistakes: Mistakes = {}
  for (const [name, rule] of Object.entries(settings(production).shape)) {
    const parsed = rule.safeParse(environment[name] || undefined)
    if (name in known) mistakes[name] = known[name] ?? ''
    else if (parsed.success) values[name] = parsed.data
    else mistakes[name] = said(parsed.error.issues[0]?.message ?? '')
  }
  const lines = [
    ...Object.entries(mistakes).map(([name, text]) => `${name} ${text}`),
    ...contradictions(values as Partial<Settings>, production),
  ]
  if (lines.length === 0) return shaped(values as Settings, production)
  throw new ConfigError(
    `The service cannot start with these settings:\n${lines.map((line) => `  - ${line}`).join('\n')}`,
  )
}

type Settings = z.output<ReturnType<typeof settings>>

/** zod's own words for an absent value say nothing to an operator. */
const said = (message: string) => (/^Invalid input: expected/.test(message) ? 'is missing' : message)

/** What no setting shows alone; those that could not be read are absent here. */
function contradictions(read: Partial<Settings>, production: boolean): string[] {
  const found: string[] = []
  if (production && read.SESSION_COOKIE_SECURE === false)
    found.push('SESSION_COOKIE_SECURE must be on in production')
  if (production && read.DEMO_DATA) found.push('DEMO_DATA must be off in production')
  const sealingKeys = read.SEALING_KEY?.map((key) => key.toString('base64')) ?? []
  if (read.SESSION_SECRET?.some((secret) => sealingKeys.includes(secret)))
    found.push('SESSION_SECRET and SEALING_KEY must differ')
  const { SESSION_IDLE_DAYS: idle, SESSION_ABSOLUTE_DAYS: absolute } = read
  if (idle !== undefined && absolute !== undefined && idle > absolute)
    found.push('SESSION_IDLE_DAYS must not exceed SESSION_ABSOLUTE_DAYS')
  if (!production && !read.DATABASE_URL && read.DATABASE_OWNER_URL)
    found.push('DATABASE_OWNER_URL needs DATABASE_URL beside it')
  if (read.METRICS_PORT !== undefined && read.METRICS_PORT === read.PORT)
    found.push('METRICS_PORT must differ from PORT, which is public')
  return [...found, ...contradictionsOfOidc(read)]
}

function contradictionsOfOidc(read: Partial<Settings>): string[] {
  const found: string[] = []
  if (read.OIDC_ISSUER && !read.OIDC_CLIENT_ID) found.push('OIDC_ISSUER needs OIDC_CLIENT_ID beside it')
  if (read.OIDC_CLIENT_SECRET && !read.OIDC_CLIENT_ID)
    found.push('OIDC_CLIENT_SECRET needs OIDC_CLIENT_ID beside it')
  const methods = methodsOf(read)
  if (methods.includes('oidc') && !read.OIDC_ISSUER) found.push('AUTH_METHODS with oidc needs OIDC_ISSUER')
  if (methods.includes('oidc') && read.SESSION_COOKIE_SAMESITE === 'Strict')
    found.push('SESSION_COOKIE_SAMESITE must be Lax with oidc: browsers come back from another site')
  return found
}

type MethodSettings = Partial<Pick<Settings, 'AUTH_METHODS' | 'OIDC_ISSUER'>>

const methodsOf = (read: MethodSettings) => read.AUTH_METHODS ?? [read.OIDC_ISSUER ? 'oidc' : 'password']

function shaped(read: Settings, production: boolean) {
  const shownHost = ['0.0.0.0', '::'].includes(read.HOST) ? '127.0.0.1' : read.HOST
  const publicBaseUrl = read.PUBLIC_BASE_URL ?? `http://${shownHost}:${read.PORT}`
  const methods = methodsOf(read)
  return {
    production,
    host: read.HOST,
    port: read.PORT,
    publicBaseUrl,
    dataDirectory: read.DATA_DIR,
    /** How people sign in. */
    authMethods: methods,
    demoData: read.DEMO_DATA,
    database: {
      url: read.DATABASE_URL,
      ownerUrl: read.DATABASE_OWNER_URL ?? read.DATABASE_URL,
      poolMax: read.DATABASE_POOL_MAX,
      binaries: read.PG_BIN_DIR,
    },
    session: {
      secrets: read.SESSION_SECRET,
      cookieSecure: read.SESSION_COOKIE_SECURE ?? publicBaseUrl.startsWith('https:'),
      cookieSameSite: read.SESSION_COOKIE_SAMESITE,
      idleDays: read.SESSION_IDLE_DAYS,
      absoluteDays: read.SESSION_ABSOLUTE_DAYS,
    },
    /** The OpenID provider; undefined where `authMethods` leaves it out. */
    oidc:
      methods.includes('oidc') && read.OIDC_ISSUER && read.OIDC_CLIENT_ID
        ? {
            issuer: read.OIDC_ISSUER,
            clientId: read.OIDC_CLIENT_ID,
            clientSecret: read.OIDC_CLIENT_SECRET,
            scopes: read.OIDC_SCOPES,
          }
        : undefined,
    platformAdmin: {
      group: read.PLATFORM_ADMIN_GROUP,
      requireMfa: read.PLATFORM_ADMIN_REQUIRE_MFA,
      amr: read.PLATFORM_ADMIN_AMR,
    },
    sealingKeys: read.SEALING_KEY as Uint8Array[],
    /** How long a stop goes on serving, so that balancers can notice. */
    drainSeconds: read.DRAIN_SECONDS,
    trustedProxies: read.TRUSTED_PROXIES,
    rateLimit: {
      max: read.RATE_LIMIT_MAX,
      windowMs: read.RATE_LIMIT_WINDOW_MS,
      routes: read.RATE_LIMIT_ROUTES,
      /** Where replicas count together; undefined where each counts in its memory. */
      redisUrl: read.RATE_LIMIT_REDIS_URL,
    },
    webhooks: {
      /** Whether this process delivers. */
      worker: read.WEBHOOK_WORKER,
      /** Most attempts at once to endpoints that do not fail, besides those that take long. */
      concurrency: read.WEBHOOK_CONCURRENCY,
      /** Which addresses of receivers are saved and connected to. */
      addressRules: {
        allowInsecure: read.WEBHOOK_ALLOW_INSECURE,
        allowPrivateAddresses: read.WEBHOOK_ALLOW_PRIVATE_ADDRESSES,
      },
      /** How long deliveries and events are kept. */
      keptDays: read.DELIVERY_RETENTION_DAYS,
    },
    /** How long audit rows are kept. */
    audit: { keptDays: read.AUDIT_RETENTION_DAYS },
    /** Where Prometheus asks; undefined where nobody does. */
    metrics:
      read.METRICS_PORT === undefined ? undefined : { host: read.METRICS_HOST, port: read.METRICS_PORT },
    logLevel: read.LOG_LEVEL,
  }
}

export type Config = ReturnType<typeof shaped>

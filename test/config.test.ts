import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { ConfigError, type Environment, parseConfig, settingNames } from '../src/config.ts'

const sessionSecret = 'k3vXq9ZrT1mB7yLwD5hJ8nPfS2cGaU4eV6xR0iOtYbEzKqWu'
const sealingKey = 'v1c3Zl9gqk2pH7mXyT4oR8sLw0dJ6bN5aEuFiCtKxQs='
const development: Environment = { SESSION_SECRET: sessionSecret, SEALING_KEY: sealingKey }
const production: Environment = {
  ...development,
  NODE_ENV: 'production',
  PUBLIC_BASE_URL: 'https://accounts.example.com',
  DATABASE_URL: 'postgres://silver_app:secret@db/silver_auth',
  DATABASE_OWNER_URL: 'postgres://silver_owner:secret@db/silver_auth?sslmode=require',
}

const mistakesOf = (environment: Environment): string[] => {
  try {
    parseConfig(environment)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const [title, ...lines] = error.message.split('\n')
    expect(title).toBe('The service cannot start with these settings:')
    return lines.map((line) => line.replace(/^ {2}- /, ''))
  }
}

it('has a default for everything but the secrets in development', () => {
  expect(parseConfig(development)).toEqual({
    production: false,
    host: '127.0.0.1',
    port: 4080,
    publicBaseUrl: 'http://127.0.0.1:4080',
    dataDirectory: '.data',
    authMethods: ['password'],
    demoData: true,
    database: { url: undefined, ownerUrl: undefined, poolMax: 20, binaries: undefined },
    session: {
      secrets: [sessionSecret],
      cookieSecure: false,
      cookieSameSite: 'Lax',
      idleDays: 7,
      absoluteDays: 30,
    },
    oidc: undefined,
    platformAdmin: { group: 'SEQN-A', requireMfa: false, amr: ['mfa'] },
    sealingKeys: [Buffer.from(sealingKey, 'base64')],
    drainSeconds: 0,
    trustedProxies: [],
    rateLimit: { max: 240, windowMs: 60_000, routes: {} },
    audit: { keptDays: 365 },
    webhooks: {
      worker: true,
      concurrency: 64,
      addressRules: { allowInsecure: true, allowPrivateAddresses: true },
      keptDays: 90,
    },
    metrics: undefined,
    logLevel: 'info',
  })
})

it('is content with a whole production', () => {
  expect(parseConfig(production)).toMatchObject({
    production: true,
    publicBaseUrl: 'https://accounts.example.com',
    demoData: false,
    drainSeconds: 5,
    database: { url: production.DATABASE_URL, ownerUrl: production.DATABASE_OWNER_URL },
    session: { cookieSecure: true },
    platformAdmin: { requireMfa: true },
    webhooks: { addressRules: { allowInsecure: false, allowPrivateAddresses: false } },
  })
})

it('tells all that production lacks in one message', () => {
  expect(mistakesOf({ NODE_ENV: 'production' })).toEqual([
    'PUBLIC_BASE_URL is missing',
    'DATABASE_URL is missing',
    'SESSION_SECRET is missing: at least 32 random characters',
    'SEALING_KEY is missing: 32 random bytes in base64',
  ])
})

it('tells what is missing, wrong, weak and contradictory together', () => {
  const lines = mistakesOf({
    NODE_ENV: 'production',
    PUBLIC_BASE_URL: 'http://accounts.example.com',
    PORT: '99999',
    SESSION_SECRET: 'short',
    SEALING_KEY: Buffer.alloc(32).toString('base64'),
    SESSION_COOKIE_SECURE: 'off',
    SESSION_IDLE_DAYS: '31',
    TRUSTED_PROXIES: 'everyone',
  })
  expect(lines).toEqual([
    'PORT must be a whole number from 0 to 65535',
    'PUBLIC_BASE_URL must be a URL with https://',
    'DATABASE_URL is missing',
    'SESSION_SECRET must have at least 32 characters',
    'SEALING_KEY is weak: draw it at random, for example with: openssl rand -base64 32',
    'TRUSTED_PROXIES must be addresses or CIDR ranges separated by commas',
    'SESSION_COOKIE_SECURE must be on in production',
    'SESSION_IDLE_DAYS must not exceed SESSION_ABSOLUTE_DAYS',
  ])
})

const weak = 'is weak: draw it at random, for example with: openssl rand -base64 48'
const refused: [string, string, string][] = [
  ['PORT', '-1', 'must be a whole number from 0 to 65535'],
  ['PORT', '4080.5', 'must be a whole number from 0 to 65535'],
  ['PORT', '0x10', 'must be a whole number from 0 to 65535'],
  ['PORT', '65536', 'must be a whole number from 0 to 65535'],
  ['PUBLIC_BASE_URL', 'accounts.example.com', 'must be a URL with https:// or http://'],
  ['PUBLIC_BASE_URL', 'ftp://accounts.example.com', 'must be a URL with https:// or http://'],
  ['PUBLIC_BASE_URL', 'https://', 'must be a URL with https:// or http://'],
  ['PUBLIC_BASE_URL', 'https://accounts.example.com/auth', 'must be an origin without a path'],
  ['PUBLIC_BASE_URL', 'https://accounts.example.com/?a', 'must be an origin without a path'],
  ['PUBLIC_BASE_URL', 'https://user@accounts.example.com', 'must be an origin without a path'],
  ['DEMO_DATA', 'yes', 'must be on or off'],
  ['DEMO_DATA', 'ON', 'must be on or off'],
  ['DATABASE_URL', 'mysql://db/silver_auth', 'must be a URL with postgres:// or postgresql://'],
  ['DATABASE_URL', 'db:5432', 'must be a URL with postgres:// or postgresql://'],
  ['DATABASE_OWNER_URL', 'x', 'must be a URL with postgres:// or postgresql://'],
  ['DATABASE_OWNER_URL', 'postgres://o@db/x', 'needs DATABASE_URL beside it'],
  ['DATABASE_POOL_MAX', '1', 'must be a whole number from 2 to 500'],
  ['DATABASE_POOL_MAX', '501', 'must be a whole number from 2 to 500'],
  ['SESSION_SECRET', sessionSecret.slice(0, 31), 'must have at least 32 characters'],
  ['SESSION_SECRET', `${sessionSecret},short`, 'must have at least 32 characters'],
  ['SESSION_SECRET', ' , ', 'must have at least 32 characters'],
  ['SESSION_SECRET', 'a'.repeat(40), weak],
  ['SESSION_SECRET', 'password'.repeat(6), weak],
  ['SESSION_SECRET', 'correct-horse-battery'.repeat(2), weak],
  ['SESSION_SECRET', `change-me-${sessionSecret}`, weak],
  ['SESSION_SECRET', `this-is-an-Example-${sessionSecret}`, weak],
  ['SESSION_SECRET', 'abcdefghijklmnopqrstuvwxyz0123456789', weak],
  ['SESSION_SECRET', 'qwertyuiopasdfghjklzxcvbnmQWERTYUIOP', weak],
  ['SESSION_SECRET', `${sessionSecret},${'ab'.repeat(20)}`, weak],
  ['SEALING_KEY', 'short', 'must be 32 bytes in base64'],
  ['SEALING_KEY', 'ab'.repeat(32), 'must be 32 bytes in base64'],
  ['SEALING_KEY', `${sealingKey},short`, 'must be 32 bytes in base64'],
  ['SEALING_KEY', ',', 'must be 32 bytes in base64'],
  ['SEALING_KEY', Buffer.alloc(32, 'key').toString('base64'), weak.replace('48', '32')],
  ['SESSION_COOKIE_SECURE', 'maybe', 'must be on or off'],
  ['SESSION_COOKIE_SAMESITE', 'None', 'Invalid option: expected one of "Lax"|"Strict"'],
  ['SESSION_IDLE_DAYS', '0', 'must be a whole number from 1 to 365'],
  ['SESSION_IDLE_DAYS', '31', 'must not exceed SESSION_ABSOLUTE_DAYS'],
  ['SESSION_ABSOLUTE_DAYS', '366', 'must be a whole number from 1 to 365'],
  ['AUTH_METHODS', 'saml', 'must be oidc, password or both'],
  ['AUTH_METHODS', ',', 'must be oidc, password or both'],
  ['AUTH_METHODS', 'oidc', 'with oidc needs OIDC_ISSUER'],
  ['OIDC_ISSUER', 'https://auth.example.com/', 'needs OIDC_CLIENT_ID beside it'],
  ['OIDC_ISSUER', 'http://auth.example.com/', 'must be a URL with https://, but on localhost'],
  ['OIDC_ISSUER', 'http://localhost.example.com/', 'must be a URL with https://, but on localhost'],
  ['OIDC_ISSUER', 'ftp://localhost/', 'must be a URL with https:// or http://'],
  ['OIDC_ISSUER', 'https://auth.example.com/?a', 'must have no query, fragment or user'],
  ['OIDC_ISSUER', 'https://user@auth.example.com/', 'must have no query, fragment or user'],
  ['OIDC_CLIENT_SECRET', 'secret', 'needs OIDC_CLIENT_ID beside it'],
  ['OIDC_SCOPES', 'profile email', 'must be scopes separated by spaces, openid among them'],
  ['PLATFORM_ADMIN_REQUIRE_MFA', 'yes', 'must be on or off'],
  ['PLATFORM_ADMIN_AMR', ' , ', 'must be words separated by commas'],
  ['DRAIN_SECONDS', '21', 'must be a whole number from 0 to 20'],
  ['TRUSTED_PROXIES', '1', 'must be addresses or CIDR ranges separated by commas'],
  ['TRUSTED_PROXIES', 'true', 'must be addresses or CIDR ranges separated by commas'],
  ['TRUSTED_PROXIES', '10.0.0.1,10.0.0.0/33', 'must be addresses or CIDR ranges separated by commas'],
  ['RATE_LIMIT_MAX', '0', 'must be a whole number from 1 to 10000000'],
  ['RATE_LIMIT_WINDOW_MS', '999', 'must be a whole number from 1000 to 3600000'],
  ['RATE_LIMIT_REDIS_URL', 'https://redis', 'must be a URL with redis:// or rediss://'],
  ['RATE_LIMIT_REDIS_URL', 'redis', 'must be a URL with redis:// or rediss://'],
  ['RATE_LIMIT_REDIS_URL', 'redis://', 'must be redis://user:password@host:port/number'],
  ['RATE_LIMIT_REDIS_URL', 'redis://h/a', 'must be redis://user:password@host:port/number'],
  ['RATE_LIMIT_REDIS_URL', 'redis://h?lazyConnect=1', 'must be redis://user:password@host:port/number'],
  ['RATE_LIMIT_REDIS_URL', 'redis://:%ff@h', 'must be redis://user:password@host:port/number'],
  ['RATE_LIMIT_ROUTES', '/v1/config', 'must be route=max pairs separated by commas'],
  ['RATE_LIMIT_ROUTES', 'v1/config=5', 'must be route=max pairs separated by commas'],
  ['RATE_LIMIT_ROUTES', '/v1/config=many', 'must be route=max pairs separated by commas'],
  ['WEBHOOK_ALLOW_INSECURE', 'http', 'must be on or off'],
  ['WEBHOOK_ALLOW_PRIVATE_ADDRESSES', '10.0.0.0/8', 'must be on or off'],
  ['WEBHOOK_WORKER', 'perhaps', 'must be on or off'],
  ['WEBHOOK_CONCURRENCY', '0', 'must be a whole number from 1 to 1000'],
  ['AUDIT_RETENTION_DAYS', '29', 'must be a whole number from 30 to 3650'],
  ['DELIVERY_RETENTION_DAYS', '3', 'must be a whole number from 4 to 3650'],
  ['METRICS_PORT', '0', 'must be a whole number from 1 to 65535'],
  ['METRICS_PORT', '4080', 'must differ from PORT, which is public'],
  ['LOG_LEVEL', 'loud', expect.stringMatching(/^Invalid option: expected one of "fatal"/)],
]

it.each(refused)('refuses %s=%s', (name, value, message) => {
  const lines = mistakesOf({ ...development, [name]: value })
  expect(lines.map((line) => line.slice(0, name.length + 1))).toEqual([`${name} `])
  expect(lines[0]?.slice(name.length + 1)).toEqual(message)
})

const accepted: [string, string, object][] = [
  ['HOST', '::', { host: '::', publicBaseUrl: 'http://127.0.0.1:4080' }],
  ['HOST', '192.0.2.1', { host: '192.0.2.1', publicBaseUrl: 'http://192.0.2.1:4080' }],
  ['PORT', '0', { port: 0 }],
  [
    'PUBLIC_BASE_URL',
    'https://Accounts.example.com/',
    { publicBaseUrl: 'https://accounts.example.com', session: { cookieSecure: true } },
  ],
  [
    'PUBLIC_BASE_URL',
    'http://localhost:4080',
    { publicBaseUrl: 'http://localhost:4080', session: { cookieSecure: false } },
  ],
  ['DEMO_DATA', 'off', { demoData: false }],
  ['DEMO_DATA', '1', { demoData: true }],
  [
    'DATABASE_URL',
    'postgresql://a@db/x',
    { database: { url: 'postgresql://a@db/x', ownerUrl: 'postgresql://a@db/x' } },
  ],
  ['DATABASE_POOL_MAX', '2', { database: { poolMax: 2 } }],
  ['PG_BIN_DIR', '/opt/pg/bin', { database: { binaries: '/opt/pg/bin' } }],
  [
    'SESSION_SECRET',
    `${sealingKey.slice(0, -1)}x, ${sessionSecret}`,
    { session: { secrets: [`${sealingKey.slice(0, -1)}x`, sessionSecret] } },
  ],
  ['SESSION_COOKIE_SECURE', 'true', { session: { cookieSecure: true } }],
  ['SESSION_COOKIE_SAMESITE', 'Strict', { session: { cookieSameSite: 'Strict' } }],
  ['SESSION_IDLE_DAYS', '30', { session: { idleDays: 30 } }],
  ['TRUSTED_PROXIES', '10.0.0.1, 2001:db8::/32', { trustedProxies: ['10.0.0.1', '2001:db8::/32'] }],
  ['PLATFORM_ADMIN_GROUP', 'Admins', { platformAdmin: { group: 'Admins' } }],
  ['PLATFORM_ADMIN_REQUIRE_MFA', 'on', { platformAdmin: { requireMfa: true } }],
  ['PLATFORM_ADMIN_AMR', 'mfa, hwk', { platformAdmin: { amr: ['mfa', 'hwk'] } }],
  ['AUTH_METHODS', 'password', { authMethods: ['password'], oidc: undefined }],
  [
    'RATE_LIMIT_ROUTES',
    '/v1/orgs/:org=5,*=1000',
    { rateLimit: { routes: { '/v1/orgs/:org': 5, '*': 1_000 } } },
  ],
  ['RATE_LIMIT_REDIS_URL', 'rediss://:p%40@h:1/2', { rateLimit: { redisUrl: 'rediss://:p%40@h:1/2' } }],
  [
    'WEBHOOK_ALLOW_INSECURE',
    'off',
    { webhooks: { addressRules: { allowInsecure: false, allowPrivateAddresses: true } } },
  ],
  [
    'WEBHOOK_ALLOW_PRIVATE_ADDRESSES',
    'off',
    { webhooks: { addressRules: { allowInsecure: true, allowPrivateAddresses: false } } },
  ],
  ['WEBHOOK_WORKER', 'off', { webhooks: { worker: false } }],
  ['WEBHOOK_CONCURRENCY', '8', { webhooks: { concurrency: 8 } }],
  ['AUDIT_RETENTION_DAYS', '30', { audit: { keptDays: 30 } }],
  ['DELIVERY_RETENTION_DAYS', '4', { webhooks: { keptDays: 4 } }],
  ['METRICS_PORT', '9464', { metrics: { host: '127.0.0.1', port: 9464 } }],
  ['LOG_LEVEL', 'silent', { logLevel: 'silent' }],
]

it.each(accepted)('reads %s=%s', (name, value, expected) => {
  expect(parseConfig({ ...development, [name]: value })).toMatchObject(expected)
})

describe('an OpenID provider', () => {
  const provider = {
    OIDC_ISSUER: 'https://auth.example.com/application/o/silver-auth/',
    OIDC_CLIENT_ID: 'silver-auth',
  }
  const oidc = {
    issuer: provider.OIDC_ISSUER,
    clientId: 'silver-auth',
    clientSecret: undefined,
    scopes: ['openid', 'profile', 'email'],
  }

  it('is how people sign in where there is one', () => {
    expect(parseConfig({ ...development, ...provider })).toMatchObject({ authMethods: ['oidc'], oidc })
    expect(
      parseConfig({ ...development, ...provider, OIDC_CLIENT_SECRET: 's3cret', OIDC_SCOPES: 'openid  email' })
        .oidc,
    ).toEqual({ ...oidc, clientSecret: 's3cret', scopes: ['openid', 'email'] })
  })

  it.each([
    ['oidc, password', ['oidc', 'password'], oidc],
    ['password,oidc,password', ['password', 'oidc'], oidc],
    ['password', ['password'], undefined],
  ])('is used or not as AUTH_METHODS=%s says', (AUTH_METHODS, authMethods, expected) => {
    const config = parseConfig({ ...development, ...provider, AUTH_METHODS })
    expect([config.authMethods, config.oidc]).toEqual([authMethods, expected])
  })

  it.each(['http://localhost:9000/a/', 'http://127.0.0.1:9000/', 'http://[::1]:9000/'])(
    'may be %s while developing, never in production',
    (OIDC_ISSUER) => {
      expect(parseConfig({ ...development, ...provider, OIDC_ISSUER }).oidc?.issuer).toBe(OIDC_ISSUER)
      expect(mistakesOf({ ...production, ...provider, OIDC_ISSUER })).toEqual([
        'OIDC_ISSUER must be a URL with https://',
      ])
    },
  )

  it('cannot go with a cookie that does not come back from it', () => {
    expect(mistakesOf({ ...development, ...provider, SESSION_COOKIE_SAMESITE: 'Strict' })).toEqual([
      'SESSION_COOKIE_SAMESITE must be Lax with oidc: browsers come back from another site',
    ])
  })
})

it('takes several sealing keys, newest first', () => {
  const older = Buffer.from(sessionSecret).subarray(0, 32)
  expect(
    parseConfig({ ...development, SEALING_KEY: `${sealingKey},${older.toString('base64')}` }).sealingKeys,
  ).toEqual([Buffer.from(sealingKey, 'base64'), older])
})

it('refuses one secret for two purposes', () => {
  expect(mistakesOf({ SESSION_SECRET: sealingKey, SEALING_KEY: sealingKey })).toEqual([
    'SESSION_SECRET and SEALING_KEY must differ',
  ])
})

it('refuses http and cookies without Secure in production', () => {
  expect(mistakesOf({ ...production, SESSION_COOKIE_SECURE: 'off' })).toEqual([
    'SESSION_COOKIE_SECURE must be on in production',
  ])
})

it('makes no demonstration data in production', () => {
  expect(parseConfig(production).demoData).toBe(false)
  expect(mistakesOf({ ...production, DEMO_DATA: 'on' })).toEqual(['DEMO_DATA must be off in production'])
})

it('takes an empty value for an absent one', () => {
  const empty = Object.fromEntries(settingNames.map((name) => [name, '']))
  expect(parseConfig({ ...empty, ...development })).toEqual(parseConfig(development))
  expect(mistakesOf({ ...empty, NODE_ENV: 'production' })).toHaveLength(4)
})

it('never repeats a value, which may be a secret', () => {
  const marked = Object.fromEntries(settingNames.map((name) => [name, 'm4rk3d']))
  const text = mistakesOf({ ...marked, NODE_ENV: 'production' }).join('\n')
  expect(text).not.toContain('m4rk3d')
  expect(text.split('\n').length).toBeGreaterThan(10)
})

describe('.env.example', () => {
  const read = async () => (await readFile(new URL('../.env.example', import.meta.url), 'utf8')).split('\n')

  it('has every setting once, in the order of the code, each below one comment line, and nothing else', async () => {
    const lines = (await read()).slice(4)
    const names = lines.filter((line) => /^[A-Z]/.test(line)).map((line) => line.split('=')[0])
    expect(names).toEqual(settingNames)
    for (const [n, line] of lines.entries()) {
      if (/^[A-Z]/.test(line)) expect(lines[n - 1]).toMatch(/^# \S/)
      else expect(line).toMatch(n + 1 === lines.length ? /^$/ : /^# \S/)
    }
  })

  it('shows the defaults', async () => {
    const pairs = (await read()).filter((line) => /^[A-Z]/.test(line)).map((line) => line.split('='))
    expect(parseConfig({ ...Object.fromEntries(pairs), ...development })).toEqual(parseConfig(development))
  })
})

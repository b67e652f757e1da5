import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseConfig, settingNames } from '../../src/config.ts'
import { type ComposeService, compose } from '../support/compose.ts'
import { readStages, textsOf } from '../support/dockerfile.ts'
import { testEnvironment } from '../support/settings.ts'
import { projectRoot } from '../support/spawned.ts'
import { tool } from '../support/tools.ts'

const required = {
  ACCOUNTS_HOST: 'accounts.example.com',
  CADDY_TLS: 'ops@example.com',
  SILVER_POSTGRES_PASSWORD: 'f0',
  SILVER_OWNER_PASSWORD: 'f1',
  SILVER_APP_PASSWORD: 'f2',
  SESSION_SECRET: testEnvironment.SESSION_SECRET ?? '',
  SEALING_KEY: testEnvironment.SEALING_KEY ?? '',
}
const dotEnv = (more: Record<string, string> = {}) =>
  Object.entries({ ...required, ...more })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')

/** The lines that docs/deployment.md adds for two replicas. */
const replicas = {
  COMPOSE_PROFILES: 'replicas',
  SILVER_AUTH_UPSTREAMS: 'silver-auth-api:4080 silver-auth-api-2:4080',
  RATE_LIMIT_REDIS_URL: 'redis://silver-auth-redis:6379',
}

type Composed = Awaited<ReturnType<typeof compose>>

/** Settings that the image decides, or that mean nothing in it. */
const decided = ['HOST', 'PORT', 'DATA_DIR', 'DEMO_DATA', 'PG_BIN_DIR', 'SESSION_COOKIE_SECURE']

describe.runIf(tool('docker-compose'))('docker-compose.yml', () => {
  let composed: Composed
  let services: [name: string, service: ComposeService][]
  beforeAll(async () => {
    composed = await compose(dotEnv())
    services = Object.entries(composed.services)
  })

  it.each(Object.keys(required))('says what to do where %s is missing', async (name) => {
    const thrown = await compose(dotEnv({ [name]: '' })).catch((error) => error)
    expect(thrown).toBeInstanceOf(Error)
    expect(thrown.message).toMatch(/openssl rand|e-mail address|the name people visit/)
    expect(thrown.message).toContain(`\${${name}:?`)
  })

  it('runs the service, its Postgres and Caddy, and publishes only Caddy', () => {
    expect(services.map(([name]) => name).sort()).toEqual([
      'caddy',
      'silver-auth-api',
      'silver-auth-postgres',
    ])
    const published = services.flatMap(([name, { ports = [] }]) =>
      ports.map((port) => [name, port.published]),
    )
    expect(published).toEqual([
      ['caddy', 80],
      ['caddy', 443],
    ])
  })

  it('holds every service on a short leash, those of the profile too', async () => {
    const services = Object.entries((await compose(dotEnv(replicas))).services)
    expect(services).toHaveLength(5)
    const hasOwnHealth = textsOf((await readStages()).at(-1), 'HEALTHCHECK').length === 1
    for (const [name, service] of services) {
      expect(service, name).toMatchObject({
        restart: 'unless-stopped',
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '5' } },
        mem_limit: expect.stringMatching(/^\d+[mg]$/),
        cpus: expect.any(Number),
        pids_limit: expect.any(Number),
      })
      expect(service.privileged, name).toBeUndefined()
      expect(service.network_mode ?? service.pid ?? service.ipc, name).toBeUndefined()
      expect(service.build ? hasOwnHealth : service.healthcheck?.test?.[0] === 'CMD', name).toBe(true)
      if (!service.build) expect(service.image, name).toMatch(/:\d+\.\d+(\.\d+)?-\w+$/)
      expect(seconds(service.stop_grace_period), name).toBeGreaterThan(30)
    }
    const capable = services.filter(([, { cap_add }]) => cap_add)
    expect(capable.map(([name, { cap_add }]) => [name, cap_add])).toEqual([['caddy', ['NET_BIND_SERVICE']]])
  })

  it('lets nobody near the database but the service', () => {
    const members = (network: string) =>
      services.filter(([, { networks }]) => network in networks).map(([name]) => name)
    expect(members('database')).toEqual(['silver-auth-api', 'silver-auth-postgres'])
    expect(members('front')).toEqual(['caddy', 'silver-auth-api'])
    expect([composed.networks.database?.internal, composed.networks.front?.internal]).toEqual([true, true])
    expect(Object.keys(composed.services['silver-auth-postgres']?.networks ?? {})).toEqual(['database'])
  })

  it('writes to volumes and memory only', () => {
    const writable = services.flatMap(([name, { volumes = [] }]) =>
      volumes.filter((volume) => !volume.endsWith(':ro')).map((volume) => [name, volume]),
    )
    expect(writable).toEqual([
      ['caddy', 'caddy:/data:rw'],
      ['silver-auth-postgres', 'postgres:/var/lib/postgresql:rw'],
    ])
  })

  it('gives the service settings that it knows, every one that an operator may choose, and starts with them', async () => {
    const environment = composed.services['silver-auth-api']?.environment ?? {}
    const known = new Set(settingNames)
    for (const name of decided) known.delete(name)
    expect(Object.keys(environment).sort()).toEqual([...known].sort())
    const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== null))
    const config = parseConfig({ ...(given as Record<string, string>), NODE_ENV: 'production' })
    expect(config).toMatchObject({
      publicBaseUrl: 'https://accounts.example.com',
      database: {
        url: 'postgres://silver_app:f2@silver-auth-postgres:5432/silver_auth',
        ownerUrl: 'postgres://silver_owner:f1@silver-auth-postgres:5432/silver_auth',
      },
      session: { cookieSecure: true },
    })
    const [front] = composed.networks.front?.ipam?.config ?? []
    expect(config.trustedProxies).toEqual([front?.subnet])
    expect(JSON.stringify(environment)).not.toContain('f0')
  })

  it('passes on what .env says', async () => {
    const { services } = await compose(
      dotEnv({ OIDC_ISSUER: 'https://auth.example.com/', LOG_LEVEL: 'warn' }),
    )
    expect(services['silver-auth-api']?.environment).toMatchObject({
      OIDC_ISSUER: 'https://auth.example.com/',
      LOG_LEVEL: 'warn',
    })
  })

  it('has a profile with two of the service that differ in nothing, and a Redis for both', async () => {
    const { services, networks } = await compose(dotEnv(replicas))
    const [first, second] = [services['silver-auth-api'], services['silver-auth-api-2']]
    expect(second).toEqual({ ...first, profiles: ['replicas'] })
    expect(first?.environment?.RATE_LIMIT_REDIS_URL).toBe(replicas.RATE_LIMIT_REDIS_URL)
    expect(services.caddy?.environment?.SILVER_AUTH_UPSTREAMS).toBe(replicas.SILVER_AUTH_UPSTREAMS)
    const redis = services['silver-auth-redis']
    expect([Object.keys(redis?.networks ?? {}), redis?.ports]).toEqual([['counters'], undefined])
    expect(networks.counters?.internal).toBe(true)
    const published = Object.entries(services).filter(([, { ports }]) => ports)
    expect(published.map(([name]) => name)).toEqual(['caddy'])
  })

  it('sets what the Caddyfile asks for', async () => {
    const caddyfile = await readFile(path.join(projectRoot, 'Caddyfile'), 'utf8')
    const asked = [...caddyfile.matchAll(/\{\$(\w+)(:?)/g)].map(([, name, hasDefault]) => ({
      name,
      hasDefault,
    }))
    const given = Object.keys(composed.services.caddy?.environment ?? {})
    const needed = asked.filter(({ hasDefault }) => !hasDefault).map(({ name }) => name)
    expect(given).toEqual(expect.arrayContaining(needed))
    expect(asked.map(({ name }) => name)).toEqual(expect.arrayContaining(given))
  })
})

const seconds = (text = '0s') => {
  const [, minutes = 0, rest = 0] = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? []
  return Number(minutes) * 60 + Number(rest)
}

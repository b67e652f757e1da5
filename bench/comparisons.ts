import type { Bench } from './bench.ts'
import { coldSubjects } from './cold.ts'
import { countQueries } from './count-queries.ts'
import type { Request } from './load/load.ts'
import { comparison, type Measurement } from './measurement.ts'
import type { Running } from './processes.ts'
import {
  applicationRequest,
  ask,
  bearer,
  sessionCookie,
  startBare,
  startBetterAuth,
  startWithTenants,
  subject,
} from './subjects.ts'

const ours = 'ours'

/** What is measured by loading servers side by side. */
export const comparisons: Measurement[] = [
  comparison({
    name: 'P1',
    work: '`GET /v1/backend/application`, warm',
    async subjects(bench) {
      const { tenants, service } = await startWithTenants(bench)
      const requests = tenants.secretKeys.map(applicationRequest)
      const betterAuth = await startBetterAuth(bench)
      return {
        ours: subject(service, requests),
        bare: await startBare(bench, service, requests),
        'better-auth': subject(
          betterAuth.running,
          betterAuth.keys.map((key) => ({ path: '/verify-key', headers: bearer(key) })),
        ),
      }
    },
    ratios: [
      { of: 'rate', between: [ours, 'bare'], goal: { atLeast: 0.6 } },
      { of: 'rate', between: [ours, 'better-auth'], goal: { atLeast: 25 } },
      { of: 'p99', between: [ours, 'bare'], goal: { atMost: 2.5 } },
    ],
  }),
  comparison({
    name: 'P2',
    work: 'the same, cold: every key is new',
    subjects: coldSubjects,
    ratios: [{ of: 'rate', between: [ours, 'per-query'], goal: { atLeast: 0.9 } }],
  }),
  comparison({
    name: 'P3',
    work: 'garbage keys (wrong checksum)',
    async subjects(bench) {
      const { tenants, service } = await startWithTenants(bench)
      const requests = tenants.secretKeys.map(withWrongChecksum).map(applicationRequest)
      return {
        ours: subject(service, requests, { isRefused: true }),
        bare: await startBare(bench, service, requests, { isRefused: true }),
      }
    },
    ratios: [{ of: 'rate', between: [ours, 'bare'], goal: { atLeast: 0.6 } }],
    more: countQueries,
  }),
  comparison({
    name: 'P4',
    work: '`GET /v1/client/config`, warm; with If-None-Match',
    async subjects(bench) {
      const { tenants, service } = await startWithTenants(bench)
      const requests = tenants.publishableKeys.map(configRequest)
      const conditional = await withEntityTags(service, requests)
      await ask(service, conditional[0], 304)
      return {
        ours: subject(service, requests),
        'ours, not modified': subject(service, conditional),
        bare: await startBare(bench, service, requests),
      }
    },
    ratios: [
      { of: 'rate', between: [ours, 'bare'], goal: { atLeast: 0.65 } },
      { of: 'rate', between: ['ours, not modified', 'bare'], goal: { atLeast: 0.77 } },
    ],
  }),
  comparison({
    name: 'P5',
    work: '`GET /v1/me`, warm',
    async subjects(bench) {
      const { tenants, service } = await startWithTenants(bench)
      const requests = tenants.sessionTokens.map((token) => ({
        path: '/v1/me',
        headers: sessionCookie(token),
      }))
      return {
        ours: subject(service, requests),
        bare: await startBare(bench, service, requests),
        ...(await betterAuthSessions(bench)),
      }
    },
    ratios: [
      { of: 'rate', between: [ours, 'bare'], goal: { atLeast: 0.5 } },
      { of: 'rate', between: [ours, 'better-auth'], goal: { atLeast: 14 } },
      { of: 'rate', between: [ours, 'better-auth, cookie cache'], goal: { atLeast: 8 } },
    ],
  }),
  comparison({
    name: 'P5b',
    work: '`POST /v1/backend/sessions/verify`, warm',
    async subjects(bench) {
      const { tenants, service } = await startWithTenants(bench)
      const requests = tenants.projectSessionTokens.map(
        (token, tenant): Request => ({
          method: 'POST',
          path: '/v1/backend/sessions/verify',
          headers: bearer(tenants.secretKeys[tenant] ?? ''),
          body: JSON.stringify({ token }),
        }),
      )
      return { ours: subject(service, requests), bare: await startBare(bench, service, requests) }
    },
    ratios: [{ of: 'rate', between: [ours, 'bare'], goal: { atLeast: 0.5 } }],
  }),
]

const withWrongChecksum = (key: string) => key.slice(0, -1) + (key.endsWith('0') ? '1' : '0')

const configRequest = (publishableKey: string): Request => ({
  path: '/v1/client/config',
  headers: { 'x-seqn-publishable-key': publishableKey },
})

function withEntityTags(service: Running, requests: Request[]): Promise<Request[]> {
  return eachOf(requests, async (request) => {
    const { headers } = await ask(service, request, 200)
    return { ...request, headers: { ...request.headers, 'if-none-match': headers.etag ?? '' } }
  })
}

async function betterAuthSessions(bench: Bench) {
  const plain = await startBetterAuth(bench)
  const caching = await startBetterAuth(bench, { hasCookieCache: true })
  const requests = plain.cookies.map((cookie) => ({ path: '/session', headers: { cookie } }))
  // A browser comes back with the copy of its session that the first answer gave it.
  const cached = await eachOf(requests, async ({ path, headers: { cookie } }) => {
    const { headers } = await ask(caching.running, { path, headers: { cookie } }, 200)
    const copies = (headers['set-cookie'] ?? []).map((line) => line.split(';')[0])
    return { path, headers: { cookie: [cookie, ...copies.filter((copy) => copy !== cookie)].join('; ') } }
  })
  return {
    'better-auth': subject(plain.running, requests),
    'better-auth, cookie cache': subject(caching.running, cached),
  }
}

const atOnce = 32

async function eachOf<From, To>(items: From[], change: (item: From) => Promise<To>): Promise<To[]> {
  const changed: To[] = []
  for (let from = 0; from < items.length; from += atOnce) {
    changed.push(...(await Promise.all(items.slice(from, from + atOnce).map(change))))
  }
  return changed
}

import { type Answer, call } from '../test/support/http.ts'
import type { Bench } from './bench.ts'
import type { Subject } from './compare.ts'
import type { Request } from './load/load.ts'
import { type Running, startReference, startService } from './processes.ts'
import { makeBetterAuthRows } from './rows/better-auth.ts'
import { makeDatabase, makeTenants, type Tenants } from './rows/tenants.ts'

/** The tenants that most measurements share, and a fresh service on their database. */
export async function startWithTenants(
  bench: Bench,
  more: Record<string, string> = {},
): Promise<{ tenants: Tenants; service: Running }> {
  const tenants = await sharedTenants(bench)
  return { tenants, service: await startService(bench, tenants, more) }
}

export const sharedTenants = (bench: Bench): Promise<Tenants> =>
  bench.once('tenants', () =>
    makeTenants(bench, 'tenants', { tenants: bench.sizes.tenants, keysEach: 1, hasPeople: true }),
  )

export const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` })
export const sessionCookie = (token: string) => ({ cookie: `__Host-seqn_session=${token}` })

export const applicationRequest = (secretKey: string): Request => ({
  path: '/v1/backend/application',
  headers: bearer(secretKey),
})

export const subject = (
  { port, pid }: Running,
  requests: Request[],
  more: Partial<Subject> = {},
): Subject => ({
  port,
  pid,
  requests: () => requests,
  ...more,
})

/** One real answer of the service, which must have this status. */
export async function ask(service: Running, request: Request | undefined, status: number): Promise<Answer> {
  if (!request) throw new Error('no request')
  const answer = await call(service.port, request)
  if (answer.status === status) return answer
  throw new Error(`${request.path} answered ${answer.status} instead of ${status}: ${answer.text}`)
}

/** A bare Fastify that gives each of these requests the answer which the service gives to the first of them. */
export async function startBare(
  bench: Bench,
  service: Running,
  requests: Request[],
  more: Partial<Subject> = {},
): Promise<Subject> {
  const [first] = requests
  const status = more.isRefused ? 401 : 200
  const { body: answer } = await ask(service, first, status)
  const { method = 'GET', path, body } = first ?? { path: '/' }
  const sent = body === undefined ? {} : { body: JSON.parse(body) }
  return subject(
    await startReference(bench, 'bare.ts', { method, path, status, answer, ...sent }),
    requests,
    more,
  )
}

const betterAuthSecret = 'a8Zr2Qk9Xv4Lm7Tn1Bc6Wd3Yf5Hj0Pg8Se'

/** better-auth behind a minimal route on the same server, with as many people as there are tenants. */
export async function startBetterAuth(bench: Bench, { hasCookieCache = false } = {}) {
  const { ownerUrl } = await bench.once('better-auth database', () => makeDatabase(bench, 'better_auth'))
  const options = { databaseUrl: ownerUrl, secret: betterAuthSecret, hasCookieCache }
  const running = await startReference(bench, 'better-auth.mjs', options)
  const rows = await bench.once('better-auth rows', () =>
    makeBetterAuthRows(ownerUrl, betterAuthSecret, bench.sizes.tenants),
  )
  return { running, ...rows }
}

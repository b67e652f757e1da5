import { setTimeout as wait } from 'node:timers/promises'
import { call } from '../test/support/http.ts'
import { type Figure, median } from './figures.ts'
import type { Request } from './load/load.ts'
import type { Measurement } from './measurement.ts'
import { type Running, startService } from './processes.ts'
import { idOf, makeTenants, type Tenants } from './rows/tenants.ts'
import { applicationRequest, sessionCookie } from './subjects.ts'

const readersEach = 3
const silenceMs = 150
const longestMs = 5_000

type Round = {
  kind: 'key' | 'session'
  /** From the answer of the revocation to the sending of the last request that was accepted all the same. */
  sameProcessMs: number
  otherReplicaMs: number
}

export const revocation: Measurement = {
  name: 'P6',
  work: 'last accepted use after the answer of rotate or revoke, two replicas',
  async measure(bench) {
    // Of its own, because they can be used only once.
    const options = { tenants: bench.sizes.revocations, keysEach: 1, hasPeople: true }
    const tenants = await makeTenants(bench, 'revocations', options)
    const replicas = [await startService(bench, tenants), await startService(bench, tenants)] as const
    const rounds: Round[] = []
    for (let tenant = 0; tenant < bench.sizes.revocations; tenant++) {
      rounds.push(await (tenant % 2 === 0 ? rotate : revoke)(replicas, tenants, tenant))
    }
    const others = rounds.map(({ otherReplicaMs }) => otherReplicaMs)
    const same = rounds.filter(({ sameProcessMs }) => sameProcessMs > 0)
    const behind = `${rounds.length} rounds, keys and sessions`
    const figures: Figure[] = [
      {
        what: 'other replica, longest',
        value: Math.max(...others),
        unit: 'ms',
        goal: { atMost: 1_000 },
        behind,
      },
      { what: 'other replica, median', value: median(others), unit: 'ms', goal: { atMost: 50 } },
      { what: 'same process, rounds with a later use', value: same.length, goal: { atMost: 0 } },
    ]
    return { figures, raw: rounds }
  },
}

type Replicas = readonly [Running, Running]

function rotate(replicas: Replicas, tenants: Tenants, tenant: number): Promise<Round> {
  const path = `/v1/orgs/${idOf('org', tenant)}/projects/${idOf('app', tenant)}/rotate-secret`
  const headers = sessionCookie(tenants.sessionTokens[tenant] ?? '')
  return watch(replicas, 'key', applicationRequest(tenants.secretKeys[tenant] ?? ''), {
    method: 'POST',
    path,
    headers,
    body: { overlapSeconds: 0 },
  })
}

function revoke(replicas: Replicas, tenants: Tenants, tenant: number): Promise<Round> {
  const headers = sessionCookie(tenants.sessionTokens[tenant] ?? '')
  const path = `/v1/auth/sessions/${idOf('ses', tenant)}`
  return watch(replicas, 'session', { path: '/v1/me', headers }, { method: 'DELETE', path, headers })
}

/** Reads at both replicas all the time, revokes at the first one, and reads on until nothing has been accepted for a while. */
async function watch(
  [first, second]: Replicas,
  kind: Round['kind'],
  read: Request,
  revocation: Parameters<typeof call>[1],
): Promise<Round> {
  const readings = [startReading(first, read), startReading(second, read)] as const
  await Promise.all(readings.map(({ isWarm }) => isWarm))
  const { status, text } = await call(first.port, revocation)
  const answeredAt = performance.now()
  if (status >= 300) throw new Error(`${revocation.path} answered ${status}: ${text}`)
  const giveUpAt = answeredAt + longestMs
  const isQuiet = () =>
    readings.every(
      ({ lastAcceptedAt }) => performance.now() - Math.max(answeredAt, lastAcceptedAt()) > silenceMs,
    )
  while (!isQuiet() && performance.now() < giveUpAt) await wait(10)
  await Promise.all(readings.map(({ stop }) => stop()))
  const [sameProcessMs = 0, otherReplicaMs = 0] = readings.map(({ lastAcceptedAt }) =>
    Math.max(0, lastAcceptedAt() - answeredAt),
  )
  return { kind, sameProcessMs, otherReplicaMs }
}

function startReading({ port }: Running, request: Request) {
  let lastAcceptedAt = 0
  let accepted = 0
  let isOver = false
  const warm = Promise.withResolvers<void>()
  async function read(): Promise<void> {
    while (!isOver) {
      const sentAt = performance.now()
      const { status } = await call(port, request)
      if (status === 200) {
        lastAcceptedAt = Math.max(lastAcceptedAt, sentAt)
        if (++accepted === 5 * readersEach) warm.resolve()
      } else if (status !== 401) {
        throw new Error(`a reader got ${status}`)
      }
    }
  }
  const reading = Promise.all(Array.from({ length: readersEach }, read))
  reading.catch(warm.reject)
  return {
    isWarm: warm.promise,
    lastAcceptedAt: () => lastAcceptedAt,
    async stop() {
      isOver = true
      await reading
    },
  }
}

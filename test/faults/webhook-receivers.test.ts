import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { rows } from '../support/embedded-postgres.ts'
import { call } from '../support/http.ts'
import { type BuiltService, builtService } from './harness/built-service.ts'
import { extent } from './harness/extent.ts'
import {
  type Arrival,
  type Behaviour,
  behaviours,
  isAccepted,
  type Receivers,
  startReceivers,
} from './harness/receivers.ts'
import { addEndpoint, makeWorkspace, type Workspace, webhookSettings } from './harness/workspaces.ts'

const events = extent.isLong ? 200 : 20
const endpointsEach = extent.isLong ? 100 : 20

let database: TestDatabase
let service: BuiltService
let receivers: Receivers
let pid = 0

/** The last part of a path is what its receiver does, and a number. */
const behaviourOf = (path: string) => /\/([a-z]+)-\d+$/.exec(path)?.[1] as Behaviour

beforeAll(async () => {
  database = await createTestDatabase(inject('postgres'))
  receivers = await startReceivers(behaviourOf)
  service = await builtService(database, webhookSettings)
  const spawned = service.start()
  await spawned.until(/is ready on/)
  pid = spawned.child.pid ?? 0
})
afterAll(async () => {
  await service?.end('SIGKILL')
  await receivers?.stop()
  await database?.drop()
})

const sql = (text: string) => rows(database.superuserUrl, text)

/** An organization with so many endpoints of each kind, in turns, that want to hear of its changes and nothing else. */
async function organizationWith(kinds: readonly Behaviour[], each: number) {
  const workspace = await makeWorkspace(service.port)
  await sql(
    `update subscriptions set plan_key = 'scale' where organization_id = '${workspace.organizationId}'`,
  )
  const eventTypes = ['organization.updated']
  const paths: string[] = []
  for (let number = 0; number < each; number++) {
    for (const kind of kinds)
      paths.push(
        await addEndpoint(service.port, workspace, receivers, { name: `${kind}-${number}`, eventTypes }),
      )
  }
  return { workspace, paths }
}

let renamed = 0
async function rename({ organizationId, token }: Workspace, times = 1) {
  for (let time = 0; time < times; time++) {
    const answer = await call(service.port, {
      method: 'PATCH',
      path: `/v1/orgs/${organizationId}`,
      headers: { cookie: `__Host-seqn_session=${token}` },
      body: { name: `Renamed ${++renamed}` },
    })
    expect(answer.status).toBe(200)
  }
}

const isAt = (paths: string[]) => (arrival: Arrival) => paths.includes(arrival.path)
const accepted = (paths: string[]) => receivers.arrivals.filter(isAt(paths)).filter(isAccepted).length
const heldBy = (paths: string[]) =>
  receivers.arrivals
    .filter(isAt(paths))
    .filter(({ behaviour }) => behaviour === 'hang' || behaviour === 'drip')
const peakMegabytes = () => {
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1024
}

/** Resolves when these endpoints have accepted so many each; fails when one that hangs was given up before. */
async function acceptedWhileOthersHang(paths: string[], kinds: Behaviour[], each: number) {
  const good = paths.filter((path) => kinds.includes(behaviourOf(path)))
  while (accepted(good) < each * good.length) {
    const isGivenUp = heldBy(paths).some(({ end }) => end !== undefined)
    expect(isGivenUp, `only ${accepted(good)} were accepted when a hanging receiver was given up`).toBe(false)
    await wait(10)
  }
  expect(heldBy(paths).length).toBeGreaterThan(0)
}

it('delivers to those who answer while as many others hang', async () => {
  const { workspace, paths } = await organizationWith(['hang', 'accept'], endpointsEach)
  await rename(workspace, 5)
  await acceptedWhileOthersHang(paths, ['accept'], 5)
  await sql(`update webhook_endpoints set enabled = false, disabled_reason = 'manual'`)
  await sql(`update webhook_deliveries set status = 'cancelled', next_attempt_at = null, lease_token = null
    where next_attempt_at is not null`)
})

it('takes answers that are endless or packed in memory that does not grow', async () => {
  const peakAfter = async ({ workspace, paths }: Awaited<ReturnType<typeof organizationWith>>) => {
    const count = accepted(paths) + paths.length * events
    await rename(workspace, events)
    while (accepted(paths) < count) await wait(10)
    return peakMegabytes()
  }
  const calm = await peakAfter(await organizationWith(['accept'], 3))
  const bad = await organizationWith(['endless', 'gzip', 'endless'], 1)
  const first = await peakAfter(bad)
  // One answer alone, unpacked or read to the end, is 20 MB or more, and up to 48 are under way.
  expect(first - calm).toBeLessThan(150)
  await peakAfter(bad)
  expect((await peakAfter(bad)) - first, 'three times as many').toBeLessThan(30)
})

it('delivers to good receivers beside all kinds of bad ones', async () => {
  const { workspace, paths } = await organizationWith(behaviours, 1)
  await rename(workspace, 5)
  await acceptedWhileOthersHang(paths, ['accept', 'gzip', 'endless'], 5)
})

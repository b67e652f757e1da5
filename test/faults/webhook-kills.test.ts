import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { rows } from '../support/embedded-postgres.ts'
import { type FaultProxy, startFaultProxy, type Trap, type Verdict } from '../support/fault-proxy.ts'
import { call } from '../support/http.ts'
import { type BuiltService, builtService } from './harness/built-service.ts'
import { extent } from './harness/extent.ts'
import { judge } from './harness/judge.ts'
import { type Receivers, startReceivers } from './harness/receivers.ts'
import { takeSnapshot } from './harness/snapshot.ts'
import { endLeases } from './harness/webhook-clock.ts'
import { duplicates, type Trouble, webhookInvariants } from './harness/webhook-invariants.ts'
import { addEndpoint, makeWorkspace, type Workspace, webhookSettings } from './harness/workspaces.ts'

let database: TestDatabase
let proxy: FaultProxy
let receivers: Receivers
let service: BuiltService
let workspace: Workspace
const troubles: Trouble[] = []
const rounds = extent.rounds || 1

beforeAll(async () => {
  database = await createTestDatabase(inject('postgres'))
  proxy = await startFaultProxy(database.appUrl)
  receivers = await startReceivers(() => 'accept')
  const { port } = new URL(proxy.url)
  const through = (url: string) => Object.assign(new URL(url), { port }).href
  const { appUrl, ownerUrl } = database
  service = await builtService({ appUrl: through(appUrl), ownerUrl: through(ownerUrl) }, webhookSettings)
  await service.start().until(/is ready on/)
  workspace = await makeWorkspace(service.port)
  // Far from the limit: an endpoint that reaches it hears of that, too, though it was before its own beginning.
  await sql(`update subscriptions set plan_key = 'pro'`)
  await addEndpoint(service.port, workspace, receivers, { name: 'all', eventTypes: ['*'] })
  await delivered()
})
afterAll(async () => {
  await service?.end('SIGKILL')
  await receivers?.stop()
  await proxy?.stop()
  await database?.drop()
})

const sql = (text: string) => rows(database.superuserUrl, text)

async function rename(name: string) {
  const answer = await call(service.port, {
    method: 'PATCH',
    path: `/v1/orgs/${workspace.organizationId}`,
    headers: { cookie: `__Host-seqn_session=${workspace.token}` },
    body: { name },
  })
  expect(answer.status).toBe(200)
}

/** Resolves when nothing is left to deliver. */
async function delivered() {
  for (;;) {
    const [row] = await sql(
      'select count(*)::int as open from webhook_deliveries where next_attempt_at is not null',
    )
    if (row?.open === 0) return
    await wait(20)
  }
}

async function kill() {
  const begin = performance.now()
  await service.end('SIGKILL')
  await receivers.caughtUp()
  troubles.push({ what: 'kill -9', begin, end: performance.now() })
}

const claims: Trap['matches'] = ({ text }) => /webhook_deliveries/.test(text) && /skip locked/i.test(text)
const marks: Trap['matches'] = ({ text }) => /insert into webhook_attempts/i.test(text)

/** Kills at statements of this kind that come after the change, which waits for none of them. */
function killAt(matches: Trap['matches'], then: Verdict, made: Promise<unknown>): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const verdict = async () => {
    await made
    await kill()
    resolve()
    return then
  }
  // As many as a worker may have under way at once.
  for (let count = 0; count < 4; count++) proxy.setTrap({ ...(matches && { matches }), verdict })
  return promise
}

type Step = {
  name: string
  arm: (made: Promise<unknown>) => Promise<unknown>
  /** What the dead process leaves, and how often the event has arrived in the end. */
  left: string
  arrivals: number
}

const steps: Step[] = [
  { name: 'before the claim', arm: (made) => killAt(claims, 'cut', made), left: 'pending', arrivals: 1 },
  { name: 'after the claim', arm: (made) => killAt(claims, 'pass', made), left: 'delivering', arrivals: 1 },
  {
    name: 'during the POST',
    arm: () => new Promise((resolve) => receivers.onArrival(() => kill().then(resolve))),
    left: 'delivering',
    arrivals: 2,
  },
  {
    name: 'after the answer, before the mark',
    arm: (made) => killAt(marks, 'cut', made),
    left: 'delivering',
    arrivals: 2,
  },
  { name: 'after the mark', arm: (made) => killAt(marks, 'pass', made), left: 'succeeded', arrivals: 1 },
]

it.each(steps)(
  'kill -9 $name: the event arrives',
  { timeout: 60_000 + rounds * 30_000 },
  async ({ arm, left, arrivals }) => {
    for (let round = 1; round <= rounds; round++) {
      const before = receivers.arrivals.length
      const made = Promise.withResolvers<void>()
      const killed = arm(made.promise)
      await rename(`Round ${round}`)
      made.resolve()
      await killed
      receivers.onArrival(() => undefined)
      await proxy.heal()
      const status = async () =>
        (await sql('select status from webhook_deliveries order by id desc limit 1'))[0]?.status
      // The statement of a process that died is over when its backend is gone.
      while ((await sql(ourBackends)).length > 0) await wait(20)
      expect(await status()).toBe(left)

      await sql(endLeases)
      await service.start().until(/is ready on/)
      await delivered()
      // Whatever would come again would have come before this.
      await rename(`After round ${round}`)
      await delivered()
      expect(receivers.arrivals.length - before - 1, 'arrivals of the event').toBe(arrivals)
    }
  },
)

it('has lost nothing, and repeated only what a kill left in doubt', async () => {
  const snapshot = await takeSnapshot(database.superuserUrl)
  expect(judge(webhookInvariants, { arrivals: receivers.arrivals, troubles, snapshot })).toEqual([])
  expect(duplicates(receivers)).toBe(rounds * steps.filter(({ arrivals }) => arrivals > 1).length)
})

const ourBackends = `select pid from pg_stat_activity where datname = current_database() and usename = 'silver_app'`

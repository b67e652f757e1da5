import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { withClient } from '../../../src/db/postgres-roles.ts'
import { startFaultProxy } from '../../support/fault-proxy.ts'
import { call } from '../../support/http.ts'
import { type BuiltService, builtService } from './built-service.ts'
import { type Cluster, startCluster } from './cluster.ts'
import { keep, openHistory } from './history.ts'
import { violations } from './invariants.ts'
import { startLoad } from './load.ts'
import { operations } from './operations.ts'
import { type Random, seeded } from './random.ts'
import { behaviourOf, startReceivers } from './receivers.ts'
import { takeSnapshot } from './snapshot.ts'
import { drain } from './webhook-clock.ts'
import type { Trouble } from './webhook-invariants.ts'
import { addEndpoint, makeWorkspace, type Workspace, webhookSettings } from './workspaces.ts'

type Options = {
  seed: number
  perSecond: number
  /** The load changes something with every request. */
  changesOnly?: boolean
  /** How many organizations the load works in. */
  workspaces: number
  /** How many processes serve, on one database. */
  replicas?: number
  /** Where the cluster lives; by default in a new folder of its own. */
  directory?: string
  /** The service is killed on purpose. */
  mayGoUnanswered?: boolean
}

const recoveryMs = 2_000

/** A cluster, a fault proxy before it, the built service, and a load whose every request is written down. */
export async function openArena(options: Options) {
  const { seed, perSecond, changesOnly, replicas = 1, directory, mayGoUnanswered } = options
  const random: Random = seeded(seed)
  const cluster: Cluster = await startCluster(directory)
  const proxy = await startFaultProxy(cluster.urls.appUrl)
  const throughProxy = (url: string) => {
    const through = new URL(url)
    through.port = new URL(proxy.url).port
    return through.href
  }
  const urls = { appUrl: throughProxy(cluster.urls.appUrl), ownerUrl: throughProxy(cluster.urls.ownerUrl) }
  const services: BuiltService[] = []
  for (let made = 0; made < replicas; made++) services.push(await builtService(urls, webhookSettings))
  const [service] = services as [BuiltService]
  const folder = await mkdtemp(path.join(tmpdir(), 'silver-auth-history-'))
  const history = openHistory(path.join(folder, 'history.ndjson'))
  const troubles: Trouble[] = []
  const receivers = await startReceivers(behaviourOf(seeded(seed + 1)))

  const ending = new Set<BuiltService>()
  const { promise: death, reject: died } = Promise.withResolvers<never>()
  death.catch(() => undefined)

  /** Starts a process of the service, whose end from then on is a failure of the run unless it was meant. */
  async function serve(which: BuiltService): Promise<void> {
    ending.delete(which)
    const spawned = which.start()
    void spawned.exited.then(() => {
      if (!ending.has(which)) died(new Error(`the service ended:\n${spawned.output().slice(-2_000)}`))
    })
    await spawned.until(/is ready on/)
  }
  for (const each of services) await serve(each)

  const workspaces: Workspace[] = []
  for (let made = 0; made < options.workspaces; made++) workspaces.push(await makeWorkspace(service.port))
  await withClient(cluster.urls.superuserUrl, (client) =>
    client.query(`update subscriptions set plan_key = 'pro'`),
  )
  for (const workspace of workspaces) {
    await addEndpoint(service.port, workspace, receivers, { name: 'all', eventTypes: ['*'] })
    const some = { name: 'some', eventTypes: ['project.*', 'user.updated'] }
    await addEndpoint(service.port, workspace, receivers, some)
  }
  const setUpRows = (await takeSnapshot(cluster.urls.superuserUrl)).auditRows.map(
    ({ requestId }) => requestId,
  )
  // To one replica each: what is changed at one may be answered from memory at another for a moment.
  const port = (workspace: Workspace) => services[workspaces.indexOf(workspace) % services.length]?.port ?? 0
  const load = startLoad({ port, workspaces, history, random, perSecond, changesOnly })
  let isOver = false
  let isClosed = false

  const arena = {
    random,
    cluster,
    proxy,
    service,
    services,
    history,
    workspaces,
    receivers,
    troubles,
    asSuperuser: (text: string) =>
      withClient(cluster.urls.superuserUrl, async (client) => (await client.query(text)).rows),

    /** Starts the cluster again after it was ended; the proxy leads to it wherever it listens now. */
    async startCluster() {
      await cluster.start()
      proxy.lead(cluster.urls.appUrl)
    },

    /** Resolves as soon as the load was answered 503 once more: the trouble is felt. */
    async refusals(atLeast = 1) {
      const before = refused()
      while (refused() - before < atLeast) await wait(5)
    },

    /** Lets a trouble happen and waits until the service serves again; throws when it ends meanwhile. */
    async endure(happening: Promise<unknown>, what = 'a trouble of the database'): Promise<number> {
      const trouble: Trouble = { what, begin: performance.now(), end: Number.POSITIVE_INFINITY }
      troubles.push(trouble)
      await Promise.race([happening, death])
      const tookMs = await Promise.race([arena.recovery(), death])
      trouble.end = performance.now()
      return tookMs
    },

    /** `kill -9` of a process of the service; `serve` starts it again. */
    async kill(which: BuiltService) {
      ending.add(which)
      const begin = performance.now()
      await which.end('SIGKILL')
      await receivers.caughtUp()
      troubles.push({ what: 'kill -9', begin, end: performance.now() })
    },
    serve,

    /** Throws when the service does not serve again within two seconds; what is left of the trouble is its own business. */
    async recovery(withinMs = recoveryMs) {
      const begun = performance.now()
      const cookie = `__Host-seqn_session=${workspaces[0]?.token}`
      for (;;) {
        const health = await call(service.port, { path: '/healthz' }).catch(() => undefined)
        const session = await call(service.port, { path: '/v1/auth/session', headers: { cookie } }).catch(
          () => undefined,
        )
        const tookMs = performance.now() - begun
        if (health?.status === 200 && session?.status === 200) return tookMs
        if (tookMs > withinMs) throw new Error(`no recovery within ${withinMs} ms: ${health?.text}`)
        await wait(20)
      }
    },

    /** Ends the load and returns what the run broke, in words; the history of a run that broke nothing is not kept. */
    async verdict(): Promise<string[]> {
      await arena.endLoad()
      await drain(arena)
      const snapshot = await takeSnapshot(cluster.urls.superuserUrl)
      const known = new Set(setUpRows)
      const auditRows = snapshot.auditRows.map((row) => ({
        ...row,
        isOurs: row.isOurs || known.has(row.requestId),
      }))
      const verified = await service.command('audit', 'verify')
      const broken = [
        ...violations({
          entries: history.entries,
          arrivals: receivers.arrivals,
          troubles,
          snapshot: { ...snapshot, auditRows },
          operations,
          ...(mayGoUnanswered ? { mayGoUnanswered } : {}),
        }),
        ...(verified.code === 0 ? [] : [`audit verify: ${verified.output}`]),
      ]
      if (broken.length === 0) await rm(folder, { recursive: true })
      else await keep(path.join(folder, 'webhooks.ndjson'), [...troubles, ...receivers.arrivals])
      return broken
    },

    async endLoad() {
      if (isOver) return
      isOver = true
      await proxy.heal()
      await load.end()
      await history.close()
    },

    /** Stops everything, in order; returns how the first service ended. */
    async close() {
      if (isClosed) return undefined
      isClosed = true
      await arena.endLoad()
      for (const each of services) ending.add(each)
      const [ended] = await Promise.all(services.map((each) => each.end('SIGTERM')))
      await receivers.stop()
      await proxy.stop()
      await cluster.remove()
      return ended
    },
  }
  const refused = () => history.entries.filter(({ status }) => status === 503).length
  return arena
}

export type Arena = Awaited<ReturnType<typeof openArena>>

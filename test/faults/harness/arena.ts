import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { withClient } from '../../../src/db/postgres-roles.ts'
import { startFaultProxy } from '../../support/fault-proxy.ts'
import { call } from '../../support/http.ts'
import { builtService } from './built-service.ts'
import { type Cluster, startCluster } from './cluster.ts'
import { openHistory } from './history.ts'
import { violations } from './invariants.ts'
import { startLoad } from './load.ts'
import { operations } from './operations.ts'
import { type Random, seeded } from './random.ts'
import { takeSnapshot } from './snapshot.ts'
import { makeWorkspace, type Workspace } from './workspaces.ts'

type Options = {
  seed: number
  perSecond: number
  /** How many organizations the load works in. */
  workspaces: number
  /** Where the cluster lives; by default in a new folder of its own. */
  directory?: string
  /** The service is killed on purpose. */
  mayGoUnanswered?: boolean
}

const recoveryMs = 2_000

/** A cluster, a fault proxy before it, the built service, and a load whose every request is written down. */
export async function openArena({ seed, perSecond, workspaces: many, directory, mayGoUnanswered }: Options) {
  const random: Random = seeded(seed)
  const cluster: Cluster = await startCluster(directory)
  const proxy = await startFaultProxy(cluster.urls.appUrl)
  const throughProxy = (url: string) => {
    const through = new URL(url)
    through.port = new URL(proxy.url).port
    return through.href
  }
  const service = await builtService({
    appUrl: throughProxy(cluster.urls.appUrl),
    ownerUrl: throughProxy(cluster.urls.ownerUrl),
  })
  const folder = await mkdtemp(path.join(tmpdir(), 'silver-auth-history-'))
  const history = openHistory(path.join(folder, 'history.ndjson'))
  const spawned = service.start()
  await spawned.until(/is ready on/)
  const workspaces: Workspace[] = []
  for (let made = 0; made < many; made++) workspaces.push(await makeWorkspace(service.port))
  await withClient(cluster.urls.superuserUrl, (client) =>
    client.query(`update subscriptions set plan_key = 'pro'`),
  )
  const setUpRows = (await takeSnapshot(cluster.urls.superuserUrl)).auditRows.map(
    ({ requestId }) => requestId,
  )
  const load = startLoad({ port: () => service.port, workspaces, history, random, perSecond })
  let isOver = false
  let isClosed = false

  const death = spawned.exited.then(() => {
    throw new Error(`the service ended:\n${service.output().slice(-2_000)}`)
  })
  death.catch(() => undefined)

  const arena = {
    random,
    cluster,
    proxy,
    service,
    history,
    workspaces,
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
    async endure(trouble: Promise<unknown>): Promise<number> {
      await Promise.race([trouble, death])
      return Promise.race([arena.recovery(), death])
    },

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
          snapshot: { ...snapshot, auditRows },
          operations,
          ...(mayGoUnanswered ? { mayGoUnanswered } : {}),
        }),
        ...(verified.code === 0 ? [] : [`audit verify: ${verified.output}`]),
      ]
      if (broken.length === 0) await rm(folder, { recursive: true })
      return broken
    },

    async endLoad() {
      if (isOver) return
      isOver = true
      await proxy.heal()
      await load.end()
      await history.close()
    },

    /** Stops everything, in order; returns how the service ended. */
    async close() {
      if (isClosed) return undefined
      isClosed = true
      await arena.endLoad()
      const ended = await service.end('SIGTERM')
      await proxy.stop()
      await cluster.remove()
      return ended
    },
  }
  const refused = () => history.entries.filter(({ status }) => status === 503).length
  return arena
}

export type Arena = Awaited<ReturnType<typeof openArena>>

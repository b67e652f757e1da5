import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import type { Arena } from './arena.ts'

/** How long what is not over at once lasts, and how often what is gets repeated. */
export type Extent = { ms: number; times: number }

/** What may become of a database. Each resolves when the database is well again; how the service takes it is for the arena to say. */
export type Trouble = {
  name: string
  happen: (arena: Arena, extent: Extent) => Promise<void>
}

const serviceBackends = `select pid from pg_stat_activity where usename in ('silver_app', 'silver_owner')
  and pid <> pg_backend_pid()`

export const killsAndRestarts: Trouble[] = [
  ...(['fast', 'immediate', 'kill'] as const).map((how) => ({
    name: how === 'kill' ? 'the postmaster is killed' : `PostgreSQL restarts (${how})`,
    async happen(arena: Arena) {
      await arena.cluster.end(how)
      await arena.refusals(3)
      await arena.startCluster()
    },
  })),
  {
    name: 'a backend is killed, and PostgreSQL recovers by itself',
    async happen({ asSuperuser, cluster }) {
      const recoveries = () =>
        cluster.lines.filter((line) => line.includes('ready to accept connections')).length
      const before = recoveries()
      const [backend] = await asSuperuser(serviceBackends)
      if (!backend) return
      process.kill(backend.pid, 'SIGKILL')
      while (recoveries() === before) await wait(5)
    },
  },
  {
    name: 'all backends are terminated',
    async happen({ asSuperuser }, { times }) {
      for (let time = 0; time < times; time++) {
        await asSuperuser(`select pg_terminate_backend(pid) from (${serviceBackends}) b`)
        await wait(50)
      }
    },
  },
]

export const troubles: Trouble[] = [
  ...killsAndRestarts,
  {
    name: 'every connection is reset',
    async happen({ proxy }, { times }) {
      for (let time = 0; time < times; time++) {
        proxy.cut('reset')
        await wait(50)
      }
    },
  },
  ...(['resetBefore', 'loseAnswerTo', 'tearAnswerTo'] as const).map((fault) => ({
    name: `connections are lost at COMMIT (${fault})`,
    async happen({ proxy, refusals }: Arena, { times }: Extent) {
      for (let time = 0; time < times; time++) {
        const refused = refusals()
        await proxy[fault]('commit').caught
        await refused
      }
    },
  })),
  {
    name: 'nothing listens',
    async happen({ proxy, refusals }) {
      await proxy.refuse()
      await refusals(3)
      await proxy.heal()
    },
  },
  {
    name: 'the network swallows everything',
    async happen({ proxy, refusals }, { ms }) {
      proxy.goSilent()
      await Promise.all([refusals(3), wait(ms)])
      await proxy.heal()
    },
  },
  {
    name: 'the network swallows the answers',
    async happen({ proxy, refusals }, { ms }) {
      proxy.goSilent({ direction: 'to client' })
      await Promise.all([refusals(3), wait(ms)])
      await proxy.heal()
    },
  },
  {
    name: 'the network is so slow that changes take too long',
    async happen({ proxy, refusals }, { ms }) {
      proxy.slowDown({ delayMs: 500 })
      // Longer than any request may take.
      await Promise.all([refusals(3), wait(Math.max(ms, 7_000))])
      await proxy.heal()
    },
  },
  {
    name: 'PostgreSQL has no connection left',
    async happen(arena) {
      const hoard: pg.Client[] = []
      const take = async () => {
        while (await takeConnection(arena.cluster.urls.appUrl, hoard));
      }
      const refused = arena.refusals(3)
      const isRefused = refused.then(() => true)
      while (!(await Promise.race([isRefused, wait(100, false)]))) {
        await arena.asSuperuser(`select pg_terminate_backend(pid) from (${serviceBackends}
          and application_name = 'silver-auth') b`)
        await take()
      }
      await Promise.all(hoard.map((client) => client.end()))
    },
  },
]

async function takeConnection(url: string, hoard: pg.Client[]): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  return client.connect().then(
    () => hoard.push(client) > 0,
    () => false,
  )
}
